import { Buffer, isUtf8 } from "node:buffer";

/** A text that nobody asked for. */
export const TEXT = Symbol("text");
/** A number, true or false. */
export const SCALAR = Symbol("scalar");

/**
 * The shape of a JSON text: objects and arrays whole, texts only under the keys that were asked for, and of long ones
 * the beginning.
 */
export type Outline =
  | ReadonlyMap<string, Outline>
  | readonly Outline[]
  | string
  | typeof TEXT
  | typeof SCALAR
  | null;

/** A body that is not JSON, or JSON that two parsers could read in two ways. */
export class JsonRefused extends Error {
  override readonly name = "JsonRefused";
}

/** Most levels: serde_json stops at 128, others earlier or later. */
export const MAX_DEPTH = 100;
/** Most values: a conversation of a million tokens has about a tenth. They bound memory. */
export const MAX_VALUES = 250_000;
/** Longest number and longest key, in bytes. */
const MAX_NUMBER = 128;
const MAX_KEY = 4_096;
/** Texts up to this many bytes are told whole, of longer ones the first {@linkcode PREFIX}. */
const MAX_TEXT = 1_024;
const PREFIX = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** What a text's byte is: 0 part of it, 1 its end, 2 an escape, 3 a control character that must be escaped. */
const IN_TEXT = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte === QUOTE ? 1 : byte === BACKSLASH ? 2 : byte < 0x20 ? 3 : 0,
);

enum State {
  value,
  firstValue,
  firstKey,
  key,
  colon,
  after,
  text,
  end,
}

/** Texts that are remembered, a power of two, and the longest of them in bytes. */
const WORDS = 256;
const LONGEST_WORD = 32;

/** A text and where it stood, in bytes. */
interface Word {
  readonly start: number;
  readonly length: number;
  readonly text: string;
}

interface Open {
  readonly map: Map<string, Outline> | undefined;
  readonly list: Outline[] | undefined;
  key: string;
}

/**
 * Reads JSON strictly (RFC 8259) and in one pass, in as many steps as the caller likes. What parsers are known to read
 * differently is refused wherever it stands: a name twice in one object (also when it is spelled with escapes), bytes
 * that are not UTF-8, a byte order mark, text after the end, halves of surrogate pairs in names, and what is nested
 * deeper or has more values than a conversation has.
 */
export class OutlineScanner {
  readonly #bytes: Buffer;
  readonly #texts: ReadonlySet<string>;
  readonly #stack: Open[] = [];
  #at = 0;
  #state = State.value;
  #values = 0;
  readonly #words: (Word | undefined)[] = new Array(WORDS).fill(undefined);
  #root: Outline = null;
  /** Of the text that is being read. */
  #start = 0;
  #isKey = false;
  #hasEscapes = false;

  /**
   * @param texts keys whose texts are told.
   * @throws JsonRefused when the bytes are not UTF-8.
   */
  constructor(bytes: Uint8Array, texts: ReadonlySet<string>) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#texts = texts;
    if (!isUtf8(bytes)) throw new JsonRefused("it is not UTF-8");
  }

  /** The outline, once {@linkcode advance} has said that it is complete. */
  get outline(): Outline {
    return this.#root;
  }

  /**
   * Reads on, about `most` bytes.
   *
   * @returns whether the whole text was read.
   * @throws JsonRefused
   */
  advance(most: number): boolean {
    const bytes = this.#bytes;
    const until = Math.min(bytes.length, this.#at + most);
    while (this.#at < until) {
      if (this.#state === State.text) {
        this.#text(until);
        continue;
      }
      const byte = bytes[this.#at]!;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) this.#at++;
      else this.#token(byte);
    }
    if (this.#at < bytes.length) return false;
    if (this.#state !== State.end) throw new JsonRefused("it ends too early");
    return true;
  }

  #token(byte: number): void {
    switch (this.#state) {
      case State.firstValue:
        if (byte === 0x5d) return this.#close();
        return this.#value(byte);
      case State.value:
        return this.#value(byte);
      case State.firstKey:
        if (byte === 0x7d) return this.#close();
        return this.#key(byte);
      case State.key:
        return this.#key(byte);
      case State.colon:
        if (byte !== COLON) throw notJson();
        this.#at++;
        this.#state = State.value;
        return;
      case State.after:
        return this.#after(byte);
      default:
        throw new JsonRefused("something follows after its end");
    }
  }

  #after(byte: number): void {
    const { map } = this.#stack.at(-1)!;
    if (byte === COMMA) {
      this.#at++;
      this.#state = map === undefined ? State.value : State.key;
    } else if (byte === (map === undefined ? 0x5d : 0x7d)) this.#close();
    else throw notJson();
  }

  #key(byte: number): void {
    if (byte !== QUOTE) throw notJson();
    this.#beginText(true);
  }

  #value(byte: number): void {
    if (++this.#values > MAX_VALUES) throw new JsonRefused("it has too many values");
    switch (byte) {
      case QUOTE:
        return this.#beginText(false);
      case 0x7b:
        return this.#open(new Map(), undefined, State.firstKey);
      case 0x5b:
        return this.#open(undefined, [], State.firstValue);
      case 0x74:
        return this.#literal("true", SCALAR);
      case 0x66:
        return this.#literal("false", SCALAR);
      case 0x6e:
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  #open(map: Open["map"], list: Open["list"], state: State): void {
    if (this.#stack.length === MAX_DEPTH) throw new JsonRefused("it is nested too deeply");
    this.#at++;
    this.#put(map ?? list!);
    this.#stack.push({ map, list, key: "" });
    this.#state = state;
  }

  #close(): void {
    this.#at++;
    this.#stack.pop();
    this.#state = this.#stack.length === 0 ? State.end : State.after;
  }

  /** A value where it belongs. */
  #put(value: Outline): void {
    const open = this.#stack.at(-1);
    if (open === undefined) this.#root = value;
    else if (open.map === undefined) open.list!.push(value);
    else open.map.set(open.key, value);
    this.#state = open === undefined ? State.end : State.after;
  }

  #literal(word: string, value: Outline): void {
    const end = this.#at + word.length;
    if (this.#bytes.toString("latin1", this.#at, end) !== word) throw notJson();
    this.#at = end;
    this.#put(value);
  }

  #number(): void {
    const bytes = this.#bytes;
    const most = Math.min(bytes.length, this.#at + MAX_NUMBER + 1);
    let end = this.#at;
    while (end < most && isOfNumber(bytes[end]!)) end++;
    if (end - this.#at > MAX_NUMBER) throw new JsonRefused("it has a number that is too long");
    if (
      !/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(bytes.toString("latin1", this.#at, end))
    ) {
      throw notJson();
    }
    this.#at = end;
    this.#put(SCALAR);
  }

  #beginText(isKey: boolean): void {
    this.#start = ++this.#at;
    this.#isKey = isKey;
    this.#hasEscapes = false;
    this.#state = State.text;
  }

  /** Reads on in a text, which may be as long as the body. */
  #text(until: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (;;) {
      while (at < until && IN_TEXT[bytes[at]!] === 0) at++;
      if (at >= until) {
        this.#at = at;
        return;
      }
      const kind = IN_TEXT[bytes[at]!];
      if (kind === 3) throw new JsonRefused("it has a control character inside a text");
      if (kind === 1) break;
      this.#hasEscapes = true;
      at = this.#escape(at);
    }
    this.#at = at + 1;
    if (this.#isKey) this.#endKey(at);
    else this.#put(this.#isWanted() ? this.#told(at) : TEXT);
  }

  /** The place after the escape at `at`. */
  #escape(at: number): number {
    const bytes = this.#bytes;
    switch (bytes[at + 1]) {
      case 0x75: // u
        if (!/^[0-9A-Fa-f]{4}$/.test(bytes.toString("latin1", at + 2, at + 6))) throw notJson();
        return at + 6;
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at + 2;
      default:
        throw notJson();
    }
  }

  #endKey(end: number): void {
    if (end - this.#start > MAX_KEY) throw new JsonRefused("it has a name that is too long");
    const key = this.#decoded(end);
    if (!key.isWellFormed()) throw new JsonRefused("it has a name that is no text");
    const open = this.#stack.at(-1)!;
    if (open.map!.has(key)) throw new JsonRefused("it has the same name twice in one object");
    open.key = key;
    this.#state = State.colon;
  }

  #isWanted(): boolean {
    const open = this.#stack.at(-1);
    return open?.map !== undefined && this.#texts.has(open.key);
  }

  #decoded(end: number): string {
    return this.#hasEscapes
      ? JSON.parse(this.#bytes.toString("utf8", this.#start - 1, end + 1)) as string
      : this.#word(this.#start, end);
  }

  /** A text without escapes; names and types repeat, so the last ones are found again instead of made anew. */
  #word(start: number, end: number): string {
    const bytes = this.#bytes;
    const length = end - start;
    if (length === 0 || length > LONGEST_WORD) return bytes.toString("utf8", start, end);
    const place = (length * 7 + bytes[start]! * 31 + bytes[end - 1]!) & (WORDS - 1);
    const known = this.#words[place];
    if (
      known !== undefined && known.length === length && sameBytes(bytes, known.start, start, length)
    ) {
      return known.text;
    }
    const text = bytes.toString("utf8", start, end);
    this.#words[place] = { start, length, text };
    return text;
  }

  /** A text, or how a long one begins: up to its first escape, which is left standing as a backslash. */
  #told(end: number): string {
    if (end - this.#start <= MAX_TEXT) return this.#decoded(end);
    const beginning = this.#bytes.toString("utf8", this.#start, this.#start + PREFIX);
    const escape = beginning.indexOf("\\");
    return escape < 0 ? beginning : beginning.slice(0, escape + 1);
  }
}

function sameBytes(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (bytes[a + at] !== bytes[b + at]) return false;
  return true;
}

/** Digits, signs, a point, an exponent. */
function isOfNumber(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e ||
    byte === 0x45 || byte === 0x65;
}

function notJson(): JsonRefused {
  return new JsonRefused("it is not JSON");
}

/** The outline of a whole text, in one step. @throws JsonRefused */
export function outlineOf(bytes: Uint8Array, texts: ReadonlySet<string>): Outline {
  const scanner = new OutlineScanner(bytes, texts);
  if (!scanner.advance(Infinity)) throw notJson();
  return scanner.outline;
}
