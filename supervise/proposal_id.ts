/** Letters and digits that cannot be mistaken for each other: an operator types what the screen shows. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"; // 32 symbols: a byte folds without bias

/** A new proposal id such as `k3m9x-7pq2a`: 50 random bits, easy to type. */
export function newProposalId(random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(10);
  random(bytes);
  const text = Array.from(bytes, (byte) => ALPHABET[byte % 32]).join("");
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}
