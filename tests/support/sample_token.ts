const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A value without a form of its own, such as an operator's secret: another one in each run. */
export function sampleSecret(length = 36): string {
  const random = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(random, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** A made-up value in the form of a GitLab token: nobody's, and another one in each run. */
export function sampleToken(): string {
  return `glpat${"-"}${sampleSecret(20)}`;
}
