import { informativeWindows, WINDOW } from "../known/projection.ts";

/** Characters that parts are found by, and the shortest part of the plain form that counts. */
export const GRAM = 4;
/** The same for other forms: there are many of them. */
const LEAST_ENCODED = 8;
/** From this length on a part counts that lies inside a longer value. */
export const INSIDE = 8;
/** Characters that parts must cover: as many as make a part of one request a finding. */
const ENOUGH = WINDOW;
/** The same for forms other than the plain one. */
const ENOUGH_ENCODED = 16;

/** Which characters of one form of a secret have left, and when. */
export class Coverage {
  /** Letters and digits in lower case. */
  readonly letters: string;
  readonly #informative: readonly boolean[];
  readonly #least: number;
  readonly #enough: number;
  readonly #windowMs: number;
  /** When each character left last; made when the first one does. */
  #seen: Float64Array | undefined;

  /** @param letters of the form, case kept. */
  constructor(letters: string, plain: boolean, windowMs: number) {
    this.letters = letters.toLowerCase();
    this.#informative = informativeWindows(letters);
    this.#least = plain ? GRAM : LEAST_ENCODED;
    this.#enough = plain ? ENOUGH : ENOUGH_ENCODED;
    this.#windowMs = windowMs;
  }

  /**
   * Whether the run that `text` at `at` shares with this form at `start` carries information, is long enough for a
   * finding, and ends behind `fresh`: what is before that was looked at already.
   */
  liesAt(text: string, at: number, start: number, fresh: number): boolean {
    const [from, length] = this.#extend(text, at, start);
    if (length < this.#enough || at - (start - from) + length <= fresh) return false;
    return this.#informative.slice(from, from + length - WINDOW + 1).includes(true);
  }

  /** Notes the run that `value` at `at` shares with this form at `start`, if it is a part that counts. */
  note(value: string, at: number, start: number, now: number): boolean {
    const [from, length] = this.#extend(value, at, start);
    if (length < this.#least || (length !== value.length && length < INSIDE)) return false;
    if (!isInformative(this.letters.slice(from, from + length))) return false;
    this.#seen ??= new Float64Array(this.letters.length).fill(-Infinity);
    this.#seen.fill(now, from, from + length);
    return true;
  }

  /** Whether what left in the window makes up enough. */
  isEnough(now: number): boolean {
    let recent = 0;
    for (const at of this.#seen ?? []) if (now - at <= this.#windowMs) recent++;
    return recent >= this.#enough;
  }

  /** The run that both share around `at` of the text and `start` of this form: where it begins here, and its length. */
  #extend(text: string, at: number, start: number): [from: number, length: number] {
    let before = 0;
    while (
      before < at && before < start && text[at - before - 1] === this.letters[start - before - 1]
    ) before++;
    let after = GRAM;
    while (
      start + after < this.letters.length && text[at + after] === this.letters[start + after]
    ) {
      after++;
    }
    return [start - before, before + after];
  }
}

/** Shortest part of hexadecimal digits that counts: there are few such parts of four, and counters look like them. */
const LEAST_HEX = 6;
const SEQUENCES = "0123456789 abcdefghijklmnopqrstuvwxyz";

/** Whether a part is not a word, a year, a count or a piece of the alphabet. */
function isInformative(part: string): boolean {
  if (!/[0-9]/.test(part) || !/[a-z]/.test(part) || new Set(part).size < 3) return false;
  if (part.length < LEAST_HEX && /^[0-9a-f]+$/.test(part)) return false;
  let inSequence = 0;
  for (let at = 0; at + 3 <= part.length; at++) {
    if (SEQUENCES.includes(part.slice(at, at + 3))) inSequence++;
  }
  return inSequence * 3 < part.length;
}
