import { deepEqual, equal } from "node:assert/strict";
import { claudeTranscripts } from "../../providers/claude_transcript.ts";
import { sessionEntries } from "./session_entries.ts";

const bytes = (...lines: string[]) => new TextEncoder().encode(lines.join("\n"));
const line = (value: unknown) => JSON.stringify(value);
const said = (text: unknown) => line({ type: "user", message: { content: text } });

Deno.test("sessionEntries() leaves out and counts what is no object of JSON, and goes on behind it", () => {
  const { entries, odd } = sessionEntries(
    bytes("", said("one"), "{", "[1]", "null", "\xff", said("two"), '{"type":"user","mess'),
    false,
    claudeTranscripts,
  );
  deepEqual(entries.map(({ text }) => text), ["one", "two"]);
  equal(odd, 5);
});

Deno.test("sessionEntries() leaves out the first line of a session that is cut, and does not count it", () => {
  const { entries, odd } = sessionEntries(
    bytes('est of a line"}', said("two"), ""),
    true,
    claudeTranscripts,
  );
  deepEqual(entries.map(({ text }) => text), ["two"]);
  equal(odd, 0);
});

Deno.test("sessionEntries() names a result after its call, in whatever order the tools answer", () => {
  const call = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
  const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: id });
  const { entries } = sessionEntries(
    bytes(
      line({ type: "assistant", message: { content: [call("a", "Read"), call("b", "Bash")] } }),
      line({ type: "user", message: { content: [result("b"), result("a"), result("c")] } }),
    ),
    false,
    claudeTranscripts,
  );
  deepEqual(entries.map(({ kind, tool }) => [kind, tool]), [
    ["call", "Read"],
    ["call", "Bash"],
    ["result", "Bash"],
    ["result", "Read"],
    ["result", undefined],
  ]);
});

Deno.test("sessionEntries() leaves out empty words and keeps a result that says nothing", () => {
  const { entries } = sessionEntries(
    bytes(said(" \n"), said([{ type: "tool_result", tool_use_id: "a", content: "" }])),
    false,
    claudeTranscripts,
  );
  deepEqual(entries.map(({ kind, text }) => [kind, text]), [["result", ""]]);
});
