/** What templates and examples have in place of a secret. */
const FILLING =
  /([xX*])\1{5,}|_here\b|placeholder|change_?me|replace_?(?:me|with)|(?:example){2,}/gi;
/** A value that says of itself that it is none. */
const NAMED =
  /^(?:(?:your|my|the)[_-]|some|insert|sample|dummy|fake|test_?key|redacted|none|null|undefined|true|false|xxx+|\.+)|\.{3}/i;

/** Tokens above this length are data; a run of one character in them says nothing. */
const LONGEST = 160;
/** A filled-up token has no more than this beside the filling: its prefix. A secret with a filling behind it has more. */
const MOST_BESIDE = 24;

/** Whether a credential's text is filled up: `xxxxxxxx`, `EXAMPLEEXAMPLE`, one or two characters over and over. */
export function isFiller(token: string): boolean {
  const beside = token.replace(FILLING, "").length;
  if (beside < token.length && beside <= MOST_BESIDE) return true;
  if (token.length > LONGEST) return false;
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

/** New characters that an example may have. So few hold no secret, however much is written around them. */
const MOST_SURPRISES = 8;

/**
 * Whether a value counts up as documentation writes examples: `1234567890abcdef`, `a1B2c3D4`, `AbCdEfGh`. Letters and
 * digits are looked at apart; what is no step, repetition or countdown is new, and an example has next to nothing new.
 * Such a value carries no secret: it is noted and stops nothing.
 *
 * @param value without the prefix that all tokens of its kind share.
 */
export function isExample(value: string): boolean {
  if (value.length > LONGEST) return false;
  let length = 0, surprises = 0, letter = -9, digit = -9;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      length++;
      if (!isStep(code - digit, 10)) surprises++;
      digit = code;
    } else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) {
      length++;
      if (!isStep((code | 0x20) - letter, 26)) surprises++;
      letter = code | 0x20;
    }
  }
  const few = Math.min(MOST_SURPRISES, Math.max(3, Math.floor(length / 6)));
  return length >= 10 && surprises <= few;
}

/**
 * Whether a part of a value is an example's: the word, or nine steps in a row. The rest may be a secret all the same,
 * so this makes a value doubtful and no more.
 */
export function isPartlyExample(value: string): boolean {
  return /EXAMPLE|[Ee]xample/.test(value) || (value.length <= LONGEST && longestCount(value) >= 9);
}

/** Whether two characters of an alphabet are neighbours or the same, the last and the first being neighbours. */
function isStep(step: number, alphabet: number): boolean {
  const distance = Math.abs(step);
  return distance <= 1 || distance === alphabet - 1;
}

/** Steps in a row to the next letter or digit, such as the nine of `abcdefghij`. */
function longestCount(text: string): number {
  let longest = 0, steps = 0, before = 0;
  for (let at = 0; at < text.length; at++) {
    const next = text.charCodeAt(at) | 0x20;
    steps = next === before + 1 || (before === 0x39 && next === 0x30) ? steps + 1 : 0;
    if (steps > longest) longest = steps;
    before = next;
  }
  return longest;
}
