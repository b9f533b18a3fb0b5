import { CharacterFold } from "../text/fold_character.ts";
import { decodeAt } from "../text/fold_view.ts";

/** What {@linkcode LetterReader} does with a byte besides taking it as a letter. */
const DROP = 0;
const SPECIAL = 0xff;

/** Digits that people write for letters. */
const DIGIT_LETTERS = "oi\0eas\0t\0\0";

/** By byte: the letter it stands for, DROP, or SPECIAL. */
const TABLE = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x61 && byte <= 0x7a) return byte;
  if (byte >= 0x41 && byte <= 0x5a) return byte | 0x20;
  if (byte >= 0x30 && byte <= 0x39) return DIGIT_LETTERS.charCodeAt(byte - 0x30);
  return byte === 0x5c || byte === 0x26 || byte === 0x25 || byte >= 0x80 ? SPECIAL : DROP;
});

/** Bytes that an escape or a character takes at most; what is cut off at the end waits for the next piece. */
const LONGEST = 12;

/** Read as no letter: one byte, and two. */
const NOTHING = ["", 1] as const;
const NOTHING_OF_TWO = ["", 2] as const;
/** By code point: the character. */
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
/** Letters that name a control character after a backslash. */
const NAMED = Uint8Array.from(
  { length: 256 },
  (_, byte) => "nrtbfv".includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** The letters of characters above ASCII, found once. */
export class LetterTable {
  readonly #fold = new CharacterFold();
  readonly #known = new Map<number, string>();

  /**
   * What a code point reads as: ASCII letters where it looks like some, else two characters from U+0020 to U+003F with
   * ten of its bits when it is a letter of another script, else nothing.
   */
  lettersOf(codePoint: number): string {
    const known = this.#known.get(codePoint);
    if (known !== undefined) return known;
    const letters = this.#find(codePoint);
    if (this.#known.size < 50_000) this.#known.set(codePoint, letters);
    return letters;
  }

  #find(codePoint: number): string {
    const hidden = selectedByte(codePoint);
    const folded = hidden === undefined
      ? this.#fold.fold(codePoint)
      : String.fromCharCode(hidden & 0x7f);
    if (folded !== undefined) return asciiLetters(folded);
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) return "";
    const lower = String.fromCodePoint(codePoint).toLowerCase();
    if (!/^\p{L}/u.test(lower)) return "";
    const value = lower.codePointAt(0)!;
    return String.fromCharCode(0x20 | ((value >> 5) & 31), 0x20 | (value & 31));
  }
}

/** The byte that a variation selector carries when text is hidden in selectors: 16 and up. */
function selectedByte(codePoint: number): number | undefined {
  return codePoint >= 0xe0100 && codePoint <= 0xe01ef ? codePoint - 0xe0100 + 16 : undefined;
}

function asciiLetters(text: string): string {
  let letters = "";
  for (let index = 0; index < text.length; index++) {
    const letter = TABLE[text.charCodeAt(index) & 0x7f]!;
    if (letter !== DROP && letter !== SPECIAL) letters += String.fromCharCode(letter);
  }
  return letters;
}

/**
 * Reads the letters of a stream of text and nothing else: small ones, without spaces, punctuation, markup or line
 * breaks between them, look-alikes and escapes (`\n`, `\u0069`, `%69`, `&#105;`) as what they stand for. However a
 * phrase is spaced, folded, coloured or split, its letters are the same.
 */
export class LetterReader {
  readonly #letters: LetterTable;
  #cut: Uint8Array = new Uint8Array(0);
  #out = new Uint8Array(0);

  constructor(letters: LetterTable) {
    this.#letters = letters;
  }

  /** The letters of the next bytes, after `tail`; valid until the next call. */
  read(piece: Uint8Array, tail: Uint8Array): Uint8Array {
    const bytes = this.#joined(piece);
    // A character of two bytes can read as 18 letters (U+FDFA); those are rare enough to grow for.
    if (this.#out.length < bytes.length + tail.length + 64) {
      this.#out = new Uint8Array(Math.max(4096, (bytes.length + tail.length) * 5 >> 2));
    }
    let out = this.#out;
    out.set(tail);
    let length = tail.length;
    const safe = bytes.length - LONGEST;
    let at = 0;
    while (at < bytes.length) {
      const letter = TABLE[bytes[at]!]!;
      if (letter !== SPECIAL) {
        out[length] = letter;
        length += letter === DROP ? 0 : 1;
        at++;
        continue;
      }
      if (at > safe && isCut(bytes, at)) break;
      const [text, size] = this.#special(bytes, at);
      if (length + text.length + bytes.length - at > out.length) {
        const larger = new Uint8Array(out.length * 2);
        larger.set(out);
        out = this.#out = larger;
      }
      for (let index = 0; index < text.length; index++) out[length++] = text.charCodeAt(index);
      at += size;
    }
    this.#cut = at < bytes.length ? bytes.slice(at) : this.#cut.subarray(0, 0);
    return out.subarray(0, length);
  }

  #joined(piece: Uint8Array): Uint8Array {
    if (this.#cut.length === 0) return piece;
    const joined = new Uint8Array(this.#cut.length + piece.length);
    joined.set(this.#cut);
    joined.set(piece, this.#cut.length);
    return joined;
  }

  #special(bytes: Uint8Array, at: number): readonly [text: string, size: number] {
    const byte = bytes[at]!;
    if (byte >= 0x80) {
      const [codePoint, size] = decodeAt(bytes, at);
      return [codePoint < 0 ? "" : this.#letters.lettersOf(codePoint), size];
    }
    if (byte === 0x25) return percentEscape(bytes, at);
    if (byte === 0x26) return this.#entity(bytes, at);
    return this.#backslash(bytes, at);
  }

  /** `\n`, `\u0069`, `\x69` and the like, after any number of backslashes: JSON in JSON doubles them. */
  #backslash(bytes: Uint8Array, at: number): readonly [text: string, size: number] {
    let end = at + 1;
    while (end - at < 8 && bytes[end] === 0x5c) end++;
    const kind = bytes[end];
    if (kind === 0x75 || kind === 0x78) { // u, x
      const digits = kind === 0x75 ? 4 : 2;
      const unit = hexadecimal(bytes, end + 1, digits);
      if (unit < 0) return ["", end - at];
      const size = end - at + 1 + digits;
      if (unit >= 0xd800 && unit <= 0xdbff && bytes[at + size] === 0x5c) {
        const low = hexadecimal(bytes, at + size + 2, 4);
        if (bytes[at + size + 1] === 0x75 && low >= 0xdc00 && low <= 0xdfff) {
          const codePoint = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          return [this.#letters.lettersOf(codePoint), size + 6];
        }
      }
      return [this.#character(unit), size];
    }
    if (end - at === 1) return kind !== undefined && NAMED[kind] === 1 ? NOTHING_OF_TWO : NOTHING;
    return ["", kind !== undefined && NAMED[kind] === 1 ? end - at + 1 : end - at];
  }

  /** `&#105;`, `&#x69;`, `&nbsp;`. */
  #entity(bytes: Uint8Array, at: number): readonly [text: string, size: number] {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0x23 && (next < 0x61 || next > 0x7a)) return NOTHING;
    if (next === 0x23) return this.#numericEntity(bytes, at);
    const text = String.fromCharCode(...bytes.subarray(at, at + 8));
    const named = /^&(?:nbsp|amp|lt|gt|quot|apos|shy|zwnj|zwj|ensp|emsp|thinsp);/.exec(text);
    return ["", named === null ? 1 : named[0].length];
  }

  #numericEntity(bytes: Uint8Array, at: number): readonly [text: string, size: number] {
    const isHex = (bytes[at + 2]! | 0x20) === 0x78;
    let end = at + (isHex ? 3 : 2);
    const from = end;
    let codePoint = 0;
    for (; end < from + 7; end++) {
      const digit = isHex ? hexadecimal(bytes, end, 1) : (bytes[end] ?? 0) - 0x30;
      if (digit < 0 || digit > (isHex ? 15 : 9)) break;
      codePoint = codePoint * (isHex ? 16 : 10) + digit;
    }
    if (end === from) return NOTHING;
    const size = end - at + (bytes[end] === 0x3b ? 1 : 0);
    return [codePoint <= 0x10ffff ? this.#character(codePoint) : "", size];
  }

  #character(codePoint: number): string {
    if (codePoint >= 0x80) return this.#letters.lettersOf(codePoint);
    return asciiLetter(codePoint);
  }
}

/** Whether what begins at `at`, so close to the end, may not be all there. */
function isCut(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at]!;
  const left = bytes.length - at;
  if (byte >= 0x80) return left < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1);
  if (byte === 0x25) return left < 3;
  const rest = String.fromCharCode(...bytes.subarray(at));
  return byte === 0x26
    ? /^&(?:#?[0-9a-zA-Z]{0,8})?$/.test(rest)
    : /^\\+(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?$/
      .test(rest);
}

function percentEscape(bytes: Uint8Array, at: number): readonly [text: string, size: number] {
  const byte = hexadecimal(bytes, at + 1, 2);
  return byte < 0 ? ["", 1] : [byte < 0x80 ? asciiLetter(byte) : "", 3];
}

function asciiLetter(byte: number): string {
  const letter = TABLE[byte]!;
  return letter === DROP || letter === SPECIAL ? "" : ASCII[letter]!;
}

function hexadecimal(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let index = 0; index < digits; index++) {
    const byte = bytes[at + index] ?? 0;
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39
      ? byte - 0x30
      : lower >= 0x61 && lower <= 0x66
      ? lower - 0x57
      : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}
