/** Files that are planted into every folder that gitleaks looks at: the first and the last by name. */
export const plantedFiles: readonly string[] = ["0-planted.txt", "z-planted.txt"];

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * A made-up token of the form that every version of gitleaks has a rule for. It ends with a word that the exemptions
 * of the default configuration let pass: whoever finds it runs without them.
 */
export function plantedFile(): string {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const text = [...random].map((byte) => LETTERS[byte % LETTERS.length]).join("");
  return `token ${"gh"}p_${text}null\n`;
}
