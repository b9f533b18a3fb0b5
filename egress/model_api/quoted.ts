/** Longest name that a refusal repeats, in characters. */
const LONGEST = 64;

/** A name from a body, for a refusal: it comes from the bottle. */
export function quoted(name: string): string {
  return JSON.stringify(name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}…`);
}
