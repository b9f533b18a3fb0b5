import type { Key } from "./keys.ts";

/** What a key makes of a line that is being typed; `limit` is in UTF-16 units. */
export function typeInto(text: string, key: Key, limit = 4096): string {
  if (key === "backspace") return [...text].slice(0, -1).join("");
  if (key === "clear") return "";
  const isCharacter = [...key].length === 1;
  return isCharacter && text.length + key.length <= limit ? text + key : text;
}
