import { Buffer } from "node:buffer";

/** Shortest and longest value that is looked for, in bytes. */
const SHORTEST = 12;
const LONGEST = 4096;
/** Values that begin alike and are still told apart; more are left out, so that the search stays linear. */
const MOST_ALIKE = 32;

/** Finds exact copies of values in texts, in one pass over each. */
export class LiteralIndex {
  readonly #byHead = new Map<number, { readonly bytes: Buffer; readonly rule: string }[]>();
  /** 1 for the bytes 4 and 5 of values, so that few places of a text are looked at twice. */
  readonly #filter = new Uint8Array(1 << 16);

  /** Adds a value if it says enough to be one wherever it stands: 12 bytes or more with a digit and a letter. */
  add(value: Uint8Array, rule: string): void {
    if (value.length < SHORTEST || value.length > LONGEST) return;
    const bytes = Buffer.from(value);
    const text = bytes.toString("latin1");
    if (!/[0-9]/.test(text) || !/[A-Za-z]/.test(text)) return;
    const head = headAt(bytes, 0);
    const alike = this.#byHead.get(head);
    if (alike === undefined) this.#byHead.set(head, [{ bytes, rule }]);
    else if (alike.length < MOST_ALIKE && !alike.some((other) => other.bytes.equals(bytes))) {
      alike.push({ bytes, rule });
      alike.sort((a, b) => b.bytes.length - a.bytes.length);
    }
    this.#filter[bytes[4]! | (bytes[5]! << 8)] = 1;
  }

  get empty(): boolean {
    return this.#byHead.size === 0;
  }

  /** The copies in `text`, the longest at each place. */
  *copies(text: Uint8Array): Generator<{ start: number; end: number; rule: string }> {
    const filter = this.#filter;
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      if (filter[text[at + 4]! | (text[at + 5]! << 8)] === 0) continue;
      const found = this.#byHead.get(headAt(text, at))?.find(({ bytes }) =>
        bytes.length <= text.length - at && bytes.compare(text, at, at + bytes.length) === 0
      );
      if (found === undefined) continue;
      yield { start: at, end: at + found.bytes.length, rule: found.rule };
      at += found.bytes.length - 1;
    }
  }
}

/** A number made of the bytes 4 to 12 after `at`: beginnings are shared by all tokens of a vendor. */
function headAt(bytes: Uint8Array, at: number): number {
  const a = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) |
    (bytes[at + 7]! << 24);
  const b = bytes[at + 8]! | (bytes[at + 9]! << 8) | (bytes[at + 10]! << 16) |
    (bytes[at + 11]! << 24);
  return Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
}
