import { BottleError, ExitCode } from "./errors.ts";

const SLUG = /^[a-z][a-z0-9-]{0,62}$/;

/** Whether `text` can name a bottle's state folder: lower-case letters, digits and hyphens, 63 at most. */
export function isSlug(text: string): boolean {
  return SLUG.test(text) && !text.endsWith("-");
}

/**
 * A slug made from an operator's label: lower case, runs of anything else become one hyphen.
 *
 * @throws BottleError `bad_label` when no letter is left, or it is not one line of printable text.
 */
export function slugFromLabel(label: string): string {
  checkLabel(label);
  const slug = label.normalize("NFKD").toLowerCase()
    .replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "").slice(0, 63).replace(/-+$/, "");
  if (!isSlug(slug)) {
    throw new BottleError(`Cannot make a name from label ${JSON.stringify(label)}`, {
      code: "bad_label",
      exit: ExitCode.usage,
      hint: "use a label that holds at least one letter from a to z",
    });
  }
  return slug;
}

/**
 * Refuses a label that is not one line of text: it stands in lists and messages.
 *
 * @throws BottleError `bad_label`.
 */
export function checkLabel(label: string): void {
  if (!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(label)) return;
  throw new BottleError(`Cannot use label ${JSON.stringify(label)}: it holds a control character`, {
    code: "bad_label",
    exit: ExitCode.usage,
    hint: "write the label on one line, without tabs and the like",
  });
}

/** `name` and five random letters or digits, for a bottle that was given no label. */
export function randomSlug(name: string, random: (bytes: Uint8Array) => void): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"; // 32 symbols: a byte folds without bias
  const bytes = new Uint8Array(5);
  random(bytes);
  const suffix = Array.from(bytes, (byte) => alphabet[byte % 32]).join("");
  return `${name.slice(0, 57).replace(/-+$/, "")}-${suffix}`;
}
