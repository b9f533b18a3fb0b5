import { MAX_NOTES } from "../decide.ts";
import type { Key } from "../../screen/keys.ts";

/** What a key makes of a line that is being typed. */
export function typeInto(text: string, key: Key): string {
  if (key === "backspace") return [...text].slice(0, -1).join("");
  if (key === "clear") return "";
  const isCharacter = [...key].length === 1;
  return isCharacter && text.length + key.length <= MAX_NOTES ? text + key : text;
}
