import type { Account } from "./account.ts";
import { COMPLETIONS_PATHS, CompletionsAccount } from "./completions_account.ts";
import { EventStream } from "./event_stream.ts";
import { JsonPicker, type Picked } from "./json_picker.ts";
import { MESSAGES_PATHS, MessagesAccount } from "./messages_account.ts";
import { RESPONSES_PATHS, ResponsesAccount } from "./responses_account.ts";
import type { Usage } from "./usage.ts";

const PATHS = [...new Set([...MESSAGES_PATHS, ...RESPONSES_PATHS, ...COMPLETIONS_PATHS])];

/** Types of events that are most of a stream and say nothing of what was used. */
const SILENT = /^(?:ping|content_block_(?:start|delta|stop)|response\..+\.(?:added|delta|done))$/;
/** What a stream of the Chat Completions API says last, where an event has an object. */
const DONE = "[DONE]";
const SPACE = 0x20;

/** What a body is written in: one JSON text, an event stream, or whichever of them it looks like. */
export type BodyForm = "json" | "events" | "unknown";

/**
 * Reads what an answer of a model says that it used, as its bytes come. It keeps a few kilobytes, whatever comes, and
 * never throws. All shapes are known to all readers: a host that has more than one API cannot be asked by another.
 */
export class UsageReader {
  #form: BodyForm;
  readonly #completions = new CompletionsAccount();
  readonly #accounts: readonly Account[] = [
    new MessagesAccount(),
    new ResponsesAccount(),
    this.#completions,
  ];
  readonly #picker = new JsonPicker(
    PATHS,
    (picked) => this.#take(picked, true),
    (path, value) => path === "type" && SILENT.test(String(value)),
  );
  readonly #events = new EventStream({
    data: (bytes, from, to) => this.#data(bytes, from, to),
    event: () => this.#event(),
  });
  /** The first characters of the data of an event, as far as they could be the last word. */
  #start = "";
  #found: Usage[] = [];

  constructor(form: BodyForm) {
    this.#form = form;
  }

  /** Takes the next bytes of a body; gives the usage of answers that end in them. */
  push(bytes: Uint8Array): readonly Usage[] {
    if (this.#form === "unknown") this.#form = formOf(bytes);
    if (this.#form === "events") this.#events.push(bytes);
    else if (this.#form === "json") this.#picker.push(bytes);
    return this.#taken();
  }

  /** Takes a whole message of a WebSocket; gives the usage of answers that end in it. */
  message(bytes: Uint8Array): readonly Usage[] {
    this.#picker.push(bytes);
    this.#picker.reset();
    return this.#taken();
  }

  /**
   * Nothing more comes; gives what was counted of answers that are not over.
   *
   * @param isWhole whether the body came to its own end.
   */
  end(isWhole: boolean): readonly Usage[] {
    if (this.#form === "events") this.#events.end();
    const cut = this.#picker.reset();
    if (cut !== undefined) this.#take(cut, false);
    const whole = isWhole && cut === undefined;
    for (const account of this.#accounts) this.#note(account.end(whole));
    return this.#taken();
  }

  #data(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to && DONE.startsWith(this.#start); at++) {
      this.#start += String.fromCharCode(bytes[at]!);
    }
    this.#picker.push(bytes, from, to);
  }

  #event(): void {
    this.#picker.reset(); // what is not whole is no event
    if (this.#start.startsWith(DONE)) this.#note(this.#completions.end(true));
    this.#start = "";
  }

  #take(picked: Picked, isWhole: boolean): void {
    const account = this.#accounts.find((account) => account.recognises(picked));
    this.#note(account?.take(picked, isWhole));
  }

  #note(usage: Usage | undefined): void {
    if (usage !== undefined) this.#found.push(usage);
  }

  #taken(): readonly Usage[] {
    if (this.#found.length === 0) return NONE;
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

const NONE: readonly Usage[] = [];

/** An object begins JSON, anything else an event stream. */
function formOf(bytes: Uint8Array): BodyForm {
  const first = bytes.find((byte) => byte > SPACE);
  return first === undefined ? "unknown" : first === 0x7b ? "json" : "events";
}
