/**
 * What the check of a request to a model's API costs, for conversations as agents send them: all of it, the longest
 * step that others wait for, and `JSON.parse` beside it. Medians.
 *
 * Usage: deno task bench:model-api
 */
import { Buffer } from "node:buffer";
import { modelApiProblem, TEXTS } from "../egress/model_api/check.ts";
import { OutlineScanner } from "../egress/model_api/json_outline.ts";
import { STEP } from "../egress/model_api/model_api_check.ts";
import { say } from "./load_tool.ts";

const ROUNDS = 15;
const LINE = 'export function area(a: number): string {\n  return `${a} m²`; // "ca."\n}\n';

/** A conversation of about `size` bytes, whose tools read files. */
function conversation(size: number): Buffer {
  const file = LINE.repeat(20);
  const messages: unknown[] = [];
  for (let at = 0, written = 0; written < size; at++, written += file.length + 300) {
    const id = `toolu_${at}`;
    const use = {
      type: "tool_use",
      id,
      name: "Read",
      input: { path: `/src/${at}.ts`, lines: [1, 9] },
    };
    messages.push({ role: "assistant", content: [{ type: "text", text: "I will look." }, use] });
    const content = [{ type: "text", text: file }];
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] });
  }
  return Buffer.from(JSON.stringify({ model: "model", max_tokens: 1_000, messages }));
}

function median(times: number[]): string {
  return times.sort((a, b) => a - b)[times.length >> 1]!.toFixed(1);
}

for (const size of [100_000, 1_000_000, 8_000_000]) {
  const body = conversation(size);
  const whole: number[] = [];
  const steps: number[] = [];
  const parse: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    const scanner = new OutlineScanner(body, TEXTS);
    let longest = 0;
    for (let done = false; !done;) {
      const step = performance.now();
      done = scanner.advance(STEP);
      longest = Math.max(longest, performance.now() - step);
    }
    const last = performance.now();
    const problem = modelApiProblem(
      { kind: "anthropic-messages", allow: new Set() },
      scanner.outline,
    );
    if (problem !== undefined) throw new Error(`refused: ${problem.asks}`);
    whole.push(performance.now() - begun);
    steps.push(Math.max(longest, performance.now() - last));
    const parsing = performance.now();
    JSON.parse(body.toString());
    parse.push(performance.now() - parsing);
  }
  say(
    `${body.length} bytes: ${median(whole)} ms, longest step ${median(steps)} ms; JSON.parse ${
      median(parse)
    } ms`,
  );
}
