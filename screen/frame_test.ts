import { equal } from "node:assert/strict";
import { frame } from "./frame.ts";

const bare = (text: string) => text.replace("\x1b[?2026h", "").replace("\x1b[?2026l", "");

Deno.test("frame() draws each line in its place, the rest of the line erased before", () => {
  equal(
    bare(frame([{ text: "a" }, { text: "b", style: "good" }], true)),
    "\x1b[1;1H\x1b[Ka\x1b[2;1H\x1b[K\x1b[32mb\x1b[0m",
  );
});

Deno.test("frame() without colour leaves what weight and inversion say", () => {
  for (const style of ["red", "green", "yellow", "blue", "magenta", "good", "warning"] as const) {
    equal(bare(frame([{ text: "a", style }], false)), "\x1b[1;1H\x1b[Ka");
  }
  equal(bare(frame([{ text: "a", style: "selected" }], false)), "\x1b[1;1H\x1b[K\x1b[7ma\x1b[0m");
});
