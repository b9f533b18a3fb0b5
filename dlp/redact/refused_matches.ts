import type { Match } from "../finding.ts";
import type { Scanner } from "../scanner.ts";

/** What keeps bytes from leaving. */
export function refusedMatches(scanner: Scanner, bytes: Uint8Array): Match[] {
  return scanner.scan(bytes).matches.filter(isRefused);
}

/** Whether a match keeps its bytes from leaving. */
export function isRefused({ severity }: Match): boolean {
  return severity !== "warn";
}

/** Whether a match in fields that were joined is more than two harmless halves. */
export function saysMore({ detector, severity }: Match): boolean {
  return severity === "block" && detector !== "financial";
}
