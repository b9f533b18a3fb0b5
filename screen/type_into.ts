import { type Key, PASTED } from "./keys.ts";

/** What no line holds: controls, and the ends of lines. */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

/** What a key makes of a line that is being typed; `limit` is in UTF-16 units. A paste becomes one line. */
export function typeInto(text: string, key: Key, limit = 4096): string {
  if (key === "backspace") return [...text].slice(0, -1).join("");
  if (key === "clear") return "";
  const isPaste = key.startsWith(PASTED);
  const typed = isPaste ? [...key.slice(PASTED.length).replace(CONTROLS, " ").trim()] : [...key];
  if (!isPaste && typed.length !== 1) return text;
  let longer = text;
  for (const character of typed) {
    if (longer.length + character.length > limit) break;
    longer += character;
  }
  return longer;
}
