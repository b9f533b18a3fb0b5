import { messageOf } from "../../core/errors.ts";

/** `file:line:column: ` before the message of a manifest error. */
const PLACE = /^(\/.*?:\d+:\d+): /;

/** What is wrong, in one line and without the place: whatever it is said of says where. */
export function reasonOf(error: unknown): string {
  return firstLine(error).replace(PLACE, "");
}

/** What is wrong, in one line, and then where: what comes last may be cut off. */
export function reasonAndPlace(error: unknown): string {
  const place = PLACE.exec(firstLine(error))?.[1];
  return place === undefined ? reasonOf(error) : `${reasonOf(error)} (${place})`;
}

/** The lines below it are an excerpt of the file. */
function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0]!;
}
