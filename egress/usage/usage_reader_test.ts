import assert from "node:assert/strict";
import fc from "fast-check";
import { type Usage } from "./usage.ts";
import { type BodyForm, UsageReader } from "./usage_reader.ts";

/** Everything that a reader tells of a body that comes in pieces of these lengths. */
function usageOf(
  body: string,
  form: BodyForm = "events",
  { lengths = [body.length || 1], isWhole = true } = {},
): Usage[] {
  const reader = new UsageReader(form);
  const found: Usage[] = [];
  const bytes = new TextEncoder().encode(body);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const next = at + lengths[turn % lengths.length]!;
    found.push(...reader.push(bytes.subarray(at, next)));
    at = next;
  }
  found.push(...reader.end(isWhole));
  assert.deepEqual(reader.end(isWhole), [], "told twice");
  return found;
}

function stream(...events: unknown[]): string {
  return events.map((data) =>
    typeof data === "string"
      ? data
      : `event: ${(data as { type?: string }).type}\ndata: ${JSON.stringify(data)}\n\n`
  ).join("");
}

const NONE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

// Anthropic Messages

const messageStart = (usage: unknown) => ({
  type: "message_start",
  message: { id: "msg_1", type: "message", model: "claude-1", content: [], usage },
});
const messageDelta = (usage: unknown, stop_reason: string | null = "end_turn") => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null },
  usage,
});
const messageText = {
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: '"usage":{"output_tokens":999},\n\ndata: {}' },
};
const messageStop = { type: "message_stop" };
const claude = { api: "anthropic-messages", model: "claude-1", ...NONE, complete: true };

// OpenAI Responses

const response = (more: Record<string, unknown>) => ({
  id: "resp_1",
  object: "response",
  model: "gpt-1",
  status: "completed",
  output: [{ type: "message", content: [{ text: '"usage":{"input_tokens":7}' }] }],
  usage: null,
  ...more,
});
const responsesUsage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 120,
};
const created = { type: "response.created", response: response({ status: "in_progress" }) };
const delta = { type: "response.output_text.delta", delta: "hi" };
const gpt = { api: "openai-responses", model: "gpt-1", ...NONE, complete: true };
const gptCounts = { input: 30, output: 20, cacheRead: 60, cacheWrite: 10, reasoning: 5 };

// Chat Completions

const chunk = (more: Record<string, unknown>) => ({
  id: "chatcmpl_1",
  object: "chat.completion.chunk",
  model: "chat-1",
  choices: [{ index: 0, delta: { content: "hi" } }],
  usage: null,
  ...more,
});
const chatUsage = {
  prompt_tokens: 50,
  completion_tokens: 9,
  total_tokens: 59,
  prompt_tokens_details: { cached_tokens: 20, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 3 },
};
const chat = { api: "openai-completions", model: "chat-1", ...NONE, complete: true };
const chatCounts = { input: 30, output: 9, cacheRead: 20, reasoning: 3 };
const DONE = "data: [DONE]\n\n";

/** What a body is, the body, its form, and what it used. */
const CASES: readonly (readonly [string, string, BodyForm, readonly unknown[]])[] = [
  [
    "Messages, a stream whose last counts win",
    stream(
      messageStart({ input_tokens: 377, cache_creation_input_tokens: 0, output_tokens: 1 }),
      { type: "ping" },
      messageText,
      messageDelta({ output_tokens: 65 }),
      messageStop,
    ),
    "events",
    [{ ...claude, input: 377, output: 65 }],
  ],
  [
    "Messages, cumulative counts of which null says nothing",
    stream(
      messageStart({
        input_tokens: 10,
        cache_creation_input_tokens: 200,
        cache_read_input_tokens: 3_000,
        cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 0 },
        output_tokens: 1,
      }),
      messageDelta({ output_tokens: 5, input_tokens: null, cache_read_input_tokens: null }, null),
      messageDelta({
        output_tokens: 40,
        input_tokens: 12,
        cache_creation_input_tokens: null,
        output_tokens_details: { thinking_tokens: 30 },
      }),
      messageStop,
    ),
    "events",
    [{ ...claude, input: 12, output: 40, cacheRead: 3_000, cacheWrite: 200, reasoning: 30 }],
  ],
  [
    "Messages, a stream that is cut before its counts",
    stream(messageStart({ input_tokens: 377, output_tokens: 1 }), messageText),
    "events",
    [{ ...claude, input: 377, output: 1, complete: false }],
  ],
  [
    "Messages, a stream without its last word but with its last counts",
    stream(messageStart({ input_tokens: 3, output_tokens: 1 }), messageDelta({ output_tokens: 9 })),
    "events",
    [{ ...claude, input: 3, output: 9 }],
  ],
  [
    "Messages, an error in the midst of a stream",
    stream(messageStart({ input_tokens: 3, output_tokens: 1 }), {
      type: "error",
      error: { type: "overloaded_error", message: "Overloaded" },
    }),
    "events",
    [{ ...claude, input: 3, output: 1, complete: false }],
  ],
  [
    "Messages, as JSON",
    JSON.stringify({
      id: "msg_1",
      type: "message",
      model: "claude-1",
      content: [{ type: "text", text: '"usage":{"input_tokens":1}' }],
      usage: { input_tokens: 7, cache_read_input_tokens: 5, output_tokens: 2 },
    }),
    "json",
    [{ ...claude, input: 7, cacheRead: 5, output: 2 }],
  ],
  ["Messages, counting, which is no use", '{"input_tokens":2095}', "json", []],
  [
    "Responses, a stream that completes",
    stream(created, delta, {
      type: "response.completed",
      response: response({ usage: responsesUsage }),
    }),
    "events",
    [{ ...gpt, ...gptCounts }],
  ],
  [
    "Responses, a stream that ends early by itself",
    stream(created, {
      type: "response.incomplete",
      response: response({ status: "incomplete", usage: responsesUsage }),
    }),
    "events",
    [{ ...gpt, ...gptCounts }],
  ],
  [
    "Responses, one that failed with its counts",
    stream(created, {
      type: "response.failed",
      response: response({ status: "failed", usage: responsesUsage }),
    }),
    "events",
    [{ ...gpt, ...gptCounts }],
  ],
  [
    "Responses, one that failed without",
    stream(created, { type: "response.failed", response: response({ status: "failed" }) }),
    "events",
    [{ ...gpt, complete: false }],
  ],
  ["Responses, a stream that is cut", stream(created, delta), "events", [{
    ...gpt,
    complete: false,
  }]],
  [
    "Responses, one id that ends twice",
    stream(
      { type: "response.completed", response: response({ usage: responsesUsage }) },
      { type: "response.completed", response: response({ usage: responsesUsage }) },
    ),
    "events",
    [{ ...gpt, ...gptCounts }],
  ],
  [
    "Responses, one id that ends again with more, and then with less",
    stream(
      {
        type: "response.completed",
        response: response({ usage: { input_tokens: 90, output_tokens: 0 } }),
      },
      {
        type: "response.completed",
        response: response({ usage: { input_tokens: 90, output_tokens: 8 } }),
      },
      {
        type: "response.completed",
        response: response({ usage: { input_tokens: 1, output_tokens: 0 } }),
      },
      {
        type: "response.completed",
        response: response({ usage: { input_tokens: 90, output_tokens: 8 } }),
      },
    ),
    "events",
    [{ ...gpt, input: 90 }, { ...gpt, output: 8 }],
  ],
  [
    "Responses, as JSON",
    JSON.stringify(response({ usage: responsesUsage }), null, 2),
    "json",
    [{ ...gpt, ...gptCounts }],
  ],
  [
    "Responses, a compaction",
    JSON.stringify({
      id: "resp_2",
      object: "response.compaction",
      usage: { input_tokens: 5, output_tokens: 1 },
    }),
    "json",
    [{ ...gpt, model: "", input: 5, output: 1 }],
  ],
  [
    "Responses, one that goes on in the background",
    JSON.stringify(response({ status: "queued" })),
    "json",
    [{ ...gpt, complete: false }],
  ],
  [
    "Chat, chunks that have a type of their own",
    stream(chunk({ type: "chunk" }), chunk({ type: "chunk", usage: chatUsage }), DONE),
    "events",
    [{ ...chat, ...chatCounts }],
  ],
  [
    "Chat, a stream with its counts in an extra chunk",
    stream(chunk({}), chunk({ choices: [], usage: chatUsage }), DONE),
    "events",
    [{ ...chat, ...chatCounts }],
  ],
  [
    "Chat, a stream that was not asked for counts",
    stream(chunk({}), chunk({}), DONE),
    "events",
    [{ ...chat, complete: false }],
  ],
  [
    "Chat, counts all along, cumulative",
    stream(
      chunk({ usage: { prompt_tokens: 5, completion_tokens: 1 } }),
      chunk({ usage: { prompt_tokens: 5, completion_tokens: 2 } }),
      DONE,
    ),
    "events",
    [{ ...chat, input: 5, output: 2 }],
  ],
  [
    "Chat, counts after comments, and more cached than there were",
    ": PROCESSING\n\n" + stream(
      chunk({
        usage: {
          prompt_tokens: 194,
          completion_tokens: 2,
          cost: 0.95,
          prompt_tokens_details: { cached_tokens: 150, cache_write_tokens: 100 },
        },
      }),
      DONE,
    ),
    "events",
    [{ ...chat, input: 0, output: 2, cacheRead: 150, cacheWrite: 100 }],
  ],
  [
    "Chat, a stream that ends without its last word",
    stream(chunk({ choices: [], usage: chatUsage })),
    "events",
    [{ ...chat, ...chatCounts }],
  ],
  [
    "Chat, as JSON",
    JSON.stringify(chunk({ object: "chat.completion", usage: chatUsage })),
    "json",
    [{ ...chat, ...chatCounts }],
  ],
  [
    "embeddings",
    JSON.stringify({
      object: "list",
      model: "embed-1",
      data: [],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    "json",
    [{ ...chat, model: "embed-1", input: 8 }],
  ],
  ["an error", '{"error":{"message":"no","type":"invalid_request_error"}}', "json", []],
  ["a list of models", '{"object":"list","data":[{"id":"chat-1","object":"model"}]}', "json", []],
];

for (const [what, body, form, expected] of CASES) {
  Deno.test(`UsageReader reads ${what}`, () => {
    assert.deepEqual(usageOf(body, form), expected);
    assert.deepEqual(usageOf(body, "unknown", { lengths: [1] }), expected);
  });
}

Deno.test("UsageReader tells the same wherever a body is split, and however its lines end", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.constantFrom(...CASES),
      lengths,
      fc.constantFrom("\n", "\r", "\r\n"),
      ([, body, form, expected], lengths, newline) => {
        const text = body.replaceAll("\n", newline);
        assert.deepEqual(usageOf(text, form, { lengths }), expected);
        assert.deepEqual(usageOf(text.trimEnd(), form, { lengths }), expected);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("UsageReader reads data that goes over several lines", () => {
  const body = `data: ${
    JSON.stringify(chunk({ usage: chatUsage }), null, 2).replaceAll("\n", "\ndata: ")
  }\n\n${DONE}`;
  assert.deepEqual(usageOf(body), [{ ...chat, ...chatCounts }]);
});

Deno.test("UsageReader tells the usage with the event that ends an answer, not later", () => {
  const encoder = new TextEncoder();
  for (const [, body, form, expected] of CASES) {
    if (form !== "events" || !/message_stop|response\.completed|\[DONE\]/.test(body)) continue;
    assert.deepEqual(new UsageReader(form).push(encoder.encode(body)), expected);
  }
});

Deno.test("UsageReader calls no count final of a body that was cut", () => {
  const { usage, ...rest } = JSON.parse(CASES.find(([what]) => what === "Messages, as JSON")![1]);
  const cut = JSON.stringify({ ...rest, usage }).slice(0, -1);
  assert.deepEqual(
    usageOf(cut, "json", { isWhole: false }),
    [{ ...claude, input: 7, cacheRead: 5, output: 2, complete: false }],
  );
  const text = stream(chunk({ usage: { prompt_tokens: 5, completion_tokens: 1 } }));
  assert.deepEqual(
    usageOf(text, "events", { isWhole: false }),
    [{ ...chat, input: 5, output: 1, complete: false }],
  );
});

Deno.test("UsageReader believes no count that is not a whole number, or is too large to be exact", () => {
  for (const count of ["-1", "1.5", "9007199254740993", "1e400", '"7"', "null", "[7]", "{}"]) {
    const body = `{"type":"message","model":"claude-1","usage":{"input_tokens":${count},` +
      `"output_tokens":3}}`;
    assert.deepEqual(usageOf(body, "json"), [{ ...claude, output: 3, complete: false }], count);
  }
});

Deno.test("UsageReader reads one answer after the other from messages, and forgets a broken one", () => {
  const reader = new UsageReader("json");
  const say = (value: unknown) =>
    reader.message(
      new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)),
    );
  assert.deepEqual(say(created), []);
  assert.deepEqual(say('{"type":"response.completed","response":{"usage":{"input_to'), []);
  assert.deepEqual(
    say({ type: "response.completed", response: response({ usage: responsesUsage }) }),
    [{ ...gpt, ...gptCounts }],
  );
  const second = response({ id: "resp_2", usage: { input_tokens: 1, output_tokens: 2 } });
  assert.deepEqual(say({ type: "response.completed", response: second }), [
    { ...gpt, input: 1, output: 2 },
  ]);
  assert.deepEqual(say({ type: "response.created", response: response({ id: "resp_3" }) }), []);
  assert.deepEqual(reader.end(false), [{ ...gpt, complete: false }]);
});

Deno.test("UsageReader never throws and tells only sound counts, whatever comes", () => {
  const pieces = CASES.map(([, body]) => body).join("\n").match(/[^]{1,12}/g)!;
  const soup = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })), {
    maxLength: 60,
  }).map((parts) => new TextEncoder().encode(parts.join("")));
  const form = fc.constantFrom<BodyForm>("json", "events", "unknown");
  fc.assert(
    fc.property(fc.array(fc.oneof(soup, fc.uint8Array()), { maxLength: 4 }), form, (all, form) => {
      const reader = new UsageReader(form);
      const found = [...all.flatMap((bytes) => reader.push(bytes)), ...reader.end(true)];
      for (const { input, output, cacheRead, cacheWrite, reasoning } of found) {
        for (const count of [input, output, cacheRead, cacheWrite, reasoning]) {
          assert.ok(Number.isSafeInteger(count) && count >= 0, String(count));
        }
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("UsageReader finds the counts behind megabytes of one event", () => {
  const body = stream(created, {
    type: "response.completed",
    response: response({ instructions: "word ".repeat(2_000_000), usage: responsesUsage }),
  });
  assert.deepEqual(usageOf(body, "events", { lengths: [65_536] }), [{ ...gpt, ...gptCounts }]);
});
