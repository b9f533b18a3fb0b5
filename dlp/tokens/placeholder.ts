/** What templates and examples have in place of a secret. */
const WORDS = /x{6}|X{6}|\*{4}|_here\b|placeholder|change_?me|replace_?(?:me|with)|(?:example){2}/i;
/** A value that says of itself that it is none. */
const NAMED =
  /^(?:(?:your|my|the)[_-]|some|insert|sample|dummy|fake|test_?key|redacted|none|null|undefined|true|false|xxx+|\.+)|\.{3}/i;

/** Tokens above this length are data; a run of one character in them says nothing. */
const LONGEST = 160;

/** Whether a credential's text is filled up: `xxxxxxxx`, `EXAMPLE`, one or two characters over and over. */
export function isFiller(token: string): boolean {
  if (/x{12}|X{12}|(?:EXAMPLE){3}/.test(token)) return true;
  if (token.length > LONGEST) return false;
  if (WORDS.test(token)) return true;
  const parts = longParts(token);
  return parts.length > 0 && parts.every(isMonotone);
}

/** Whether a value assigned to a name is a template's: {@link isFiller}, or it says so (`your_key_here`). */
export function isTemplateValue(value: string): boolean {
  return NAMED.test(value) || /example/i.test(value) || isFiller(value);
}

function longParts(token: string): string[] {
  return token.split(/[^A-Za-z0-9]+/).filter((part) => part.length >= 8);
}

/** Fewer than five different characters, or every second one repeats the one before. */
function isMonotone(part: string): boolean {
  if (new Set(part).size < 5) return true;
  let repeated = 0;
  for (let at = 1; at < part.length; at++) if (part[at] === part[at - 1]) repeated++;
  return repeated * 2 > part.length;
}

/**
 * Whether a value is written as documentation writes keys: `…EXAMPLE`, `1234567890abcdef`, `a1B2c3D4`, `AbCdEfGh`.
 * Letters and digits are looked at apart; what is no step, repetition or countdown is new, and an example has next to
 * nothing new, or a stretch of nine steps, or several parts of one character each. Such a value carries no secret: it is noted and stops nothing.
 *
 * @param value without the prefix that all tokens of its kind share.
 */
export function isExample(value: string): boolean {
  if (value.length > LONGEST) return false;
  if (/EXAMPLE|[Ee]xample/.test(value) || longestCount(value) >= 9) return true;
  if (longParts(value).filter(isMonotone).length >= 2) return true;
  const letters = value.replace(/[^A-Za-z]/g, "").toLowerCase();
  const digits = value.replace(/[^0-9]/g, "");
  const length = letters.length + digits.length;
  if (length < 10) return false;
  return surprises(letters, 26) + surprises(digits, 10) <= Math.max(3, Math.floor(length / 6));
}

/** Steps in a row to the next letter or digit, such as the nine of `abcdefghij`. */
function longestCount(text: string): number {
  let longest = 0, steps = 0;
  for (let at = 1; at < text.length; at++) {
    const before = text.charCodeAt(at - 1) | 0x20;
    const next = text.charCodeAt(at) | 0x20;
    const counts = next === before + 1 || (before === 0x39 && next === 0x30);
    steps = counts ? steps + 1 : 0;
    if (steps > longest) longest = steps;
  }
  return longest;
}

/** How many characters are not the one before, the next or the previous of its alphabet. */
function surprises(text: string, alphabet: number): number {
  let count = text.length > 0 ? 1 : 0;
  for (let at = 1; at < text.length; at++) {
    const step = (text.charCodeAt(at) - text.charCodeAt(at - 1) + alphabet) % alphabet;
    if (step > 1 && step !== alphabet - 1) count++;
  }
  return count;
}
