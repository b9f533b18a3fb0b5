/** SGR codes of the colours that a label can have (ECMA-48 section 8.3.117). */
const CODES: Readonly<Record<string, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
};

/** `text` in a label's colour; as it is when the colour is none of ours. */
export function paint(text: string, colour: string | null): string {
  const code = colour !== null && Object.hasOwn(CODES, colour) ? CODES[colour] : undefined;
  return code === undefined ? text : `\x1b[${code}m${text}\x1b[0m`;
}
