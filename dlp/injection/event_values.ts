const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/** Members whose values are pieces of one text, in the streams of model providers and kin. */
const TEXT_MEMBERS: ReadonlySet<string> = new Set(
  "text content delta response completion message output output_text partial_json arguments thinking reasoning reasoning_content refusal generated_text token value chunk answer"
    .split(" "),
);
const LONGEST_NAME = 24;
const DATA = "data:";

/**
 * The text that a stream of events carries in pieces: the `data` of server-sent events, and of JSON in it only the
 * values of members that are text. What is split over events stands together in it; JSON escapes stay as they are.
 */
export class EventValues {
  readonly #events: boolean;
  /** How much of "data:" the current line has; -1 in a line of another field, -2 past the colon. */
  #line = 0;
  /** What the data of the current event is; unknown before its first character. */
  #form: "unknown" | "json" | "plain" = "unknown";
  #inString = false;
  #escaped = false;
  #isValue = false;
  #name = "";
  #string = "";
  #taken = false;

  /** @param framing server-sent events, or JSON texts one after the other. */
  constructor(framing: "events" | "json") {
    this.#events = framing === "events";
    if (!this.#events) this.#line = -2;
  }

  /** Takes bytes of the stream; the text among them. */
  read(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(bytes.length);
    let length = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#events && (byte === NEWLINE || byte === 0x0d)) {
        if (this.#line === 0) this.#form = "unknown"; // an empty line ends the event
        this.#line = 0;
        continue;
      }
      if (this.#line !== -2) this.#field(byte);
      else if (this.#takes(byte)) out[length++] = byte;
    }
    return out.subarray(0, length);
  }

  #field(byte: number): void {
    if (this.#line === -1) return;
    this.#line = byte === DATA.charCodeAt(this.#line) ? this.#line + 1 : -1;
    if (this.#line === DATA.length) this.#line = -2;
  }

  #takes(byte: number): boolean {
    if (this.#form === "unknown") {
      if (byte === 0x20) return false;
      this.#form = !this.#events || byte === 0x7b || byte === 0x5b || byte === QUOTE
        ? "json"
        : "plain";
      this.#inString = this.#escaped = this.#isValue = false;
    }
    return this.#form === "plain" || this.#json(byte);
  }

  /** Whether a byte of JSON belongs to a text. */
  #json(byte: number): boolean {
    if (!this.#inString) {
      if (byte === QUOTE) {
        this.#inString = true;
        this.#taken = this.#isValue && TEXT_MEMBERS.has(this.#name);
        this.#string = "";
      } else if (byte === 0x3a) {
        this.#isValue = true;
        this.#name = this.#string;
      } else if (byte === 0x2c || byte === 0x7b || byte === 0x7d || byte === 0x5b) {
        this.#isValue = false;
      }
      return false;
    }
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      return false;
    }
    if (!this.#isValue && this.#string.length < LONGEST_NAME) {
      this.#string += String.fromCharCode(byte);
    }
    return this.#taken;
  }
}
