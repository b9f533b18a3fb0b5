import { deepEqual, doesNotMatch, equal, throws } from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { parseAssignment, parseDuration } from "./flags.ts";

Deno.test("parseAssignment() splits at the first equals sign and keeps the rest as it is", () => {
  deepEqual(parseAssignment("A=b=c\nd "), ["A", "b=c\nd "]);
  deepEqual(parseAssignment("_X9="), ["_X9", ""]);
});

Deno.test("parseAssignment() refuses what no shell can export, and does not repeat the value", () => {
  for (const text of ["A", "9A=x", "A-B=x", "=x", " A=x", ""]) {
    throws(() => parseAssignment(text), BottleError, text);
  }
  throws(() => parseAssignment("A-B=hidden"), (error) => {
    doesNotMatch((error as Error).message, /hidden/);
    return true;
  });
});

Deno.test("parseDuration() takes seconds, minutes and hours", () => {
  const table = [["90", 90_000], ["0.5", 500], ["1.5m", 90_000], ["2h", 7_200_000]] as const;
  for (const [text, milliseconds] of table) equal(parseDuration(text), milliseconds, text);
});

Deno.test("parseDuration() refuses nothing, zero, signs and what no timer holds", () => {
  for (const text of ["", "0", "-1", "+1", "1d", "soon", "1e3", "600h", "9999999999"]) {
    throws(() => parseDuration(text), BottleError, text);
  }
});
