// deno-lint-ignore-file no-control-regex -- that there is none is what is tested
import { deepEqual, equal, ok } from "node:assert/strict";
import type { TranscriptEntry } from "../../providers/transcript.ts";
import { entryJson, entryText } from "./entry_text.ts";

const ENTRY: TranscriptEntry = {
  time: "2026-11-23T21:45:59.218Z",
  role: "user",
  kind: "text",
  text: "one\ntwo",
};

Deno.test("entryText() shows words under who said them and when", () => {
  equal(entryText(ENTRY, false), "2026-11-23 21:45:59  user\n  one\n  two\n\n");
  equal(
    entryText({ ...ENTRY, role: "assistant", kind: "thinking", time: "soon" }, false),
    `-${" ".repeat(18)}  assistant (thinking)\n  one\n  two\n\n`,
  );
});

Deno.test("entryText() shows a call on one line and shortens it", () => {
  const call = { ...ENTRY, role: "assistant", kind: "call", tool: "Ba\nsh" } as const;
  equal(
    entryText({ ...call, text: '{"command":\n\n"ls"}' }, false),
    '2026-11-23 21:45:59  Ba sh {"command": "ls"}\n',
  );
  const long = entryText({ ...call, text: "x".repeat(100_000) }, false);
  ok(long.length < 500 && long.endsWith("…\n"), long.slice(-20));
});

Deno.test("entryText() clips a result and says how much is left out", () => {
  const result = { ...ENTRY, role: "tool", kind: "result", tool: "Bash" } as const;
  const lines = Array.from({ length: 15 }, (_, index) => `line ${index}`);
  const shown = entryText({ ...result, text: lines.join("\r\n") }, false);
  ok(shown.startsWith("2026-11-23 21:45:59  Bash answered\n  line 0\n  line 1\n"));
  ok(shown.endsWith("  line 11\n  … 3 more lines\n\n"));
  const wide = entryText({ ...result, text: "y".repeat(100_000) }, false);
  ok(wide.length < 500 && wide.includes("y…"));
});

for (const kind of ["text", "thinking", "call", "result"] as const) {
  Deno.test(`entryText() of a ${kind} lets nothing through that moves a cursor or turns text around`, () => {
    const bad = "a\x1b[2J\x07\x9b31m\u202eb\rc\u2066";
    for (const colour of [false, true]) {
      const shown = entryText({ ...ENTRY, kind, text: bad, tool: bad }, colour)
        .replaceAll(/\x1b\[[0-2]m/g, "");
      ok(!/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(shown), shown);
    }
  });
}

Deno.test("entryJson() is one line of plain characters that means what was said", () => {
  const bad = "a\x1b[2J\x9b\u202e\n\u2028";
  const shown = entryJson({ ...ENTRY, text: bad, tool: bad });
  ok(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]*\n$/.test(shown), shown);
  deepEqual(JSON.parse(shown), { ...ENTRY, text: bad, tool: bad });
  deepEqual(JSON.parse(entryJson({ ...ENTRY, time: undefined })).time, null);
});
