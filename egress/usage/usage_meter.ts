import type { Buffer } from "node:buffer";
import type { ModelApi } from "../../core/route.ts";
import { declaredForm } from "../answer/answer_form.ts";
import { codingsOf } from "../answer/content_coding.ts";
import type { HeaderList } from "../header_list.ts";
import type { Body } from "../http1/body.ts";
import { CodedTap } from "./coded_tap.ts";
import { combined, unknownUsage, type Usage } from "./usage.ts";
import { type BodyForm, UsageReader } from "./usage_reader.ts";

/** An answer as the agent gets it. */
export interface MeteredAnswer {
  /** Of the request. */
  readonly method: string;
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Body;
}

const FORMS: Readonly<Record<string, BodyForm>> = {
  json: "json",
  json_lines: "json",
  events: "events",
};

/** Listens to what one request of a model's API is answered with, and tells what it used. */
export class UsageMeter {
  readonly #api: ModelApi;
  readonly #isExpected: boolean;
  readonly #report: (usage: Usage) => void;
  #reader: UsageReader | undefined;
  #tap: CodedTap | undefined;
  #reported = false;
  /** What an answer used that was told of before. */
  #rest: Usage | undefined;
  #ending: Promise<void> | undefined;

  /**
   * @param api that the route names.
   * @param isExpected whether the request is known to use tokens: an answer that says nothing of them is told of, too.
   * @param report is told once of most answers, twice of one that goes on after its end, and never throws.
   */
  constructor(api: ModelApi, isExpected: boolean, report: (usage: Usage) => void) {
    this.#api = api;
    this.#isExpected = isExpected;
    this.#report = report;
  }

  /**
   * The body of an answer, whose bytes are listened to and passed on as they are, at once. What it used is told before
   * its last bytes are, where it can be.
   *
   * Only a POST uses tokens, and one that failed is not charged.
   */
  listen({ method, status, headers, body }: MeteredAnswer): Body {
    if (method !== "POST" || status < 200 || status > 299 || body.length === 0) return body;
    const reader = this.#reader = new UsageReader(FORMS[declaredForm(headers).kind] ?? "unknown");
    const codings = codingsOf(headers);
    const take = (bytes: Buffer) => this.#once(reader.push(bytes));
    const tap = codings.length === 0 ? undefined : this.#tap = new CodedTap(codings, take);
    let room: Promise<void> | undefined;
    return {
      length: body.length,
      get done() {
        return body.done;
      },
      read: async () => {
        if (room !== undefined) await room;
        const bytes = await body.read();
        if (bytes !== null && tap === undefined) take(bytes);
        else if (bytes !== null) room = tap?.push(bytes);
        if (bytes === null) await this.end(true);
        else if (body.done) this.end(true);
        return bytes;
      },
    };
  }

  /**
   * Nothing more comes: tells what was counted so far. Later calls change nothing.
   *
   * @param isWhole whether the answer came to its own end.
   * @returns what to wait for when the answer is still being decoded.
   */
  end(isWhole: boolean): Promise<void> | undefined {
    const tap = this.#tap;
    this.#tap = undefined;
    if (tap !== undefined) {
      this.#ending = tap.end().then((decoded) => this.#end(isWhole && decoded));
    } else if (this.#ending === undefined) this.#end(isWhole);
    return this.#ending;
  }

  #end(isWhole: boolean): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#once(reader.end(isWhole));
    if (this.#rest !== undefined) this.#report(this.#rest);
    // It was cut before it said anything, or is written in a way that is not known, and has used something.
    if (!this.#reported && (!isWhole || this.#isExpected)) this.#report(unknownUsage(this.#api));
  }

  /** Tells the first at once and adds up the others: an answer cannot fill the log. */
  #once(found: readonly Usage[]): void {
    for (const usage of found) {
      if (this.#reported) this.#rest = sum(usage, this.#rest);
      else this.#report(usage);
      this.#reported = true;
    }
  }
}

function sum(usage: Usage, before: Usage | undefined): Usage {
  if (before === undefined) return usage;
  const plus = (one: number, other: number) => Math.min(one + other, Number.MAX_SAFE_INTEGER);
  return {
    ...usage,
    ...combined(usage, before, plus),
    complete: usage.complete && before.complete,
  };
}
