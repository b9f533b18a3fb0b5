import { deepEqual, equal } from "node:assert/strict";
import { createLog, logLevelOf, printable, printableLine } from "./log.ts";

Deno.test("createLog() says what is at its level or above, each line with the program's name", () => {
  const lines: string[] = [];
  const log = createLog("warn", (text) => lines.push(text));
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d", "try e");
  deepEqual(lines, ["bot-bottle: warning: c\n", "bot-bottle: d\n", "bot-bottle: hint: try e\n"]);
});

Deno.test("logLevelOf() is info for what it does not know", () => {
  deepEqual([undefined, "", "DEBUG", "debug"].map(logLevelOf), ["info", "info", "info", "debug"]);
});

Deno.test("printable() shows control and bidirectional characters and keeps newlines", () => {
  equal(printable("a\x1b[31m\u202eb\nc\x7f\x9b"), "a\\x1b[31m\\u{202e}b\nc\\x7f\\x9b");
});

Deno.test("printableLine() shows newlines too", () => {
  equal(printableLine("a\nbot-bottle: b\r\x1b[2J"), "a\\nbot-bottle: b\\x0d\\x1b[2J");
});

Deno.test("createLog() lets no message begin a second line as the program does", () => {
  let written = "";
  createLog("info", (text) => written += text).warn("a\nbot-bottle: all is well\n\nc");
  equal(written, "bot-bottle: warning: a\n  bot-bottle: all is well\n  \n  c\n");
});
