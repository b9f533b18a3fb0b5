import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { codexTranscripts } from "./codex_transcript.ts";
import { claudeTranscripts } from "./claude_transcript.ts";
import { PROVIDERS } from "./registry.ts";
import type { JsonObject } from "./transcript.ts";

/** Objects whose keys and values are near enough to the real ones to get far into a reader. */
const KEYS = ["type", "message", "payload", "content", "role", "text", "input", "output", "name"];
const WORDS = [
  ...["user", "assistant", "message", "response_item", "tool_use", "tool_result", "toolCall"],
  ...["toolResult", "reasoning", "function_call", "custom_tool_call_output", "thinking", "text"],
];
const line: fc.Arbitrary<JsonObject> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom<unknown>(...WORDS),
    fc.jsonValue(),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 6 }),
})).object as fc.Arbitrary<JsonObject>;

for (const { name, transcripts } of PROVIDERS) {
  if (transcripts === undefined) continue;
  Deno.test(`${name}'s reader takes any line and gives texts`, () => {
    fc.assert(
      fc.property(line, (value) => {
        for (const { text, tool, time, call } of transcripts.entries(value)) {
          equal(typeof text, "string");
          for (const more of [tool, time, call]) ok(["string", "undefined"].includes(typeof more));
        }
      }),
      { numRuns: 2000 },
    );
  });
}

Deno.test("claude's reader leaves out what the CLI said itself, and subagents", () => {
  const said = { type: "user", message: { content: "hello" } };
  equal(claudeTranscripts.entries(said).length, 1);
  deepEqual(claudeTranscripts.entries({ ...said, isMeta: true }), []);
  deepEqual(claudeTranscripts.entries({ ...said, isSidechain: true }), []);
  deepEqual(claudeTranscripts.entries({ ...said, type: "attachment" }), []);
});

Deno.test("codex's reader leaves out what Codex says in the user's name", () => {
  const said = (kind: string) =>
    codexTranscripts.entries({
      type: "response_item",
      payload: {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "hello" }],
        internal_chat_message_metadata_passthrough: { content_item_kinds: [kind] },
      },
    });
  equal(said("user.text")[0]?.text, "hello");
  deepEqual(said("environments.environment_context"), []);
});
