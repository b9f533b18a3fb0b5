import { equal } from "node:assert/strict";
import { table } from "./table.ts";

Deno.test("table() pads columns to the widest cell", () => {
  equal(table(["A", "B"], [["longer", "x"], ["y", ""]]), "A       B\nlonger  x\ny\n");
});

Deno.test("table() gives every row one line, whatever is in its cells", () => {
  equal(table(["A", "B"], [["two\nlines", "\x1b[2J"]]), "A           B\ntwo\\nlines  \\x1b[2J\n");
});
