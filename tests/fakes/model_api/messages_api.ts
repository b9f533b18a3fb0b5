import * as z from "zod";
import type { Conversation, Model, Turn } from "./model.ts";
import { eventStream, Requests } from "./recorded.ts";

const textBlock = z.looseObject({ type: z.literal("text"), text: z.string() });
const toolUse = z.looseObject({
  type: z.literal("tool_use"),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
});
const toolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
});
const block = z.union([textBlock, toolUse, toolResult, z.looseObject({ type: z.string() })]);
const message = z.looseObject({
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(block)]),
});
const request = z.looseObject({
  model: z.string(),
  max_tokens: z.number().int().positive(),
  stream: z.boolean().optional(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  // The API keeps what was said; the client sends what is new.
  thread: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("create") }),
    z.strictObject({ type: z.literal("continue"), previous_message_id: z.string() }),
  ]).optional(),
});
type MessagesRequest = z.output<typeof request>;
type Block = { type: string; [key: string]: unknown };

/**
 * The Messages API as far as a coding agent uses it: messages as JSON and as an event stream, tool calls, counting,
 * errors and usage. Everything else is 404, and noted as a fault.
 */
export class MessagesApi {
  readonly seen = new Requests();
  /** Answers the next calls of `/v1/messages` with these statuses first. */
  readonly failures: number[] = [];
  readonly #threads = new Map<string, MessagesRequest>();
  #calls = 0;

  constructor(readonly model: Model) {}

  /** The handler of a server. */
  readonly serve = async (incoming: Request): Promise<Response> => {
    const { method, path, headers, body } = await this.seen.take(incoming);
    const [name] = path.split("?");
    switch (`${method} ${name}`) {
      case "POST /v1/messages":
        return this.#message(headers, body);
      case "POST /v1/messages/count_tokens":
        return Response.json({ input_tokens: Math.ceil(body.length / 4) });
      case "GET /api/claude_code/settings":
      case "GET /api/claude_code/policy_limits":
        return failure(404, "not_found_error", "nothing is configured for this organization");
      case "GET /api/hello":
        return Response.json({ message: "hello" });
    }
    this.seen.faults.push(`${method} ${name} is no endpoint of the fake`);
    return failure(404, "not_found_error", "no such endpoint");
  };

  #message(headers: Readonly<Record<string, string>>, body: string): Response {
    const status = this.failures.shift();
    if (status !== undefined) return failure(status, "api_error", "as the test asked");
    if (headers["anthropic-version"] !== "2023-06-01") {
      return this.#refuse("anthropic-version: header is required");
    }
    const parsed = request.safeParse(parseJson(body));
    if (!parsed.success) return this.#refuse(z.prettifyError(parsed.error));
    const whole = this.#withThread(parsed.data);
    if (whole === undefined) return this.#refuse("thread: there is no such message");
    const problem = toolProblem(whole.messages);
    if (problem !== undefined) return this.#refuse(problem);
    const turn = this.model(conversationOf(whole));
    const id = `msg_${String(++this.#calls).padStart(6, "0")}`;
    const answer = { role: "assistant" as const, content: [contentOf(id, turn)] };
    this.#threads.set(id, { ...whole, messages: [...whole.messages, answer] });
    const input = Math.ceil(body.length / 4);
    this.seen.tell({ input: input + 100 + 7, cached: 100, output: 12 });
    const usage = {
      input_tokens: input,
      cache_creation_input_tokens: 7,
      cache_read_input_tokens: 100,
      output_tokens: 12,
    };
    return parsed.data.stream === true
      ? streamed(id, parsed.data.model, turn, usage)
      : Response.json({
        ...envelope(id, parsed.data.model),
        content: [contentOf(id, turn)],
        stop_reason: stopReason(turn),
        usage,
      });
  }

  /** The request with what the thread has already: messages, tools and system prompt. */
  #withThread(data: MessagesRequest): MessagesRequest | undefined {
    if (data.thread?.type !== "continue") return data;
    const earlier = this.#threads.get(data.thread.previous_message_id);
    return earlier && { ...earlier, ...data, messages: [...earlier.messages, ...data.messages] };
  }

  #refuse(reason: string): Response {
    this.seen.faults.push(reason);
    return failure(400, "invalid_request_error", reason);
  }
}

function failure(status: number, type: string, text: string): Response {
  return Response.json({ type: "error", error: { type, message: text } }, { status });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function blocks(content: MessagesRequest["messages"][number]["content"]): Block[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content as Block[];
}

/** Each call of a tool is answered in the next message, and nothing else is (as the real API insists). */
function toolProblem(messages: MessagesRequest["messages"]): string | undefined {
  let open = new Set<string>();
  for (const [index, { role, content }] of messages.entries()) {
    if (role === "system") continue;
    const results = blocks(content).filter(({ type }) => type === "tool_result")
      .map(({ tool_use_id }) => String(tool_use_id));
    const odd = results.find((id) => !open.has(id));
    if (odd !== undefined) return `messages.${index}: tool_result ${odd} answers no tool_use`;
    if (results.length < open.size) return `messages.${index}: a tool_use has no tool_result`;
    open = new Set(
      blocks(content).filter(({ type }) => type === "tool_use").map(({ id }) => String(id)),
    );
  }
  return undefined;
}

function conversationOf({ messages, system, tools }: MessagesRequest): Conversation {
  const prompts: string[] = [];
  const said: string[] = [];
  let results: string[] = [];
  for (const { role, content } of messages) {
    for (const item of blocks(content)) {
      if (item.type === "tool_result") results.push(resultText(item.content));
      else if (item.type !== "text") continue;
      else if (role === "assistant") said.push(String(item.text));
      else if (role === "user" && !String(item.text).startsWith("<system-reminder>")) {
        prompts.push(String(item.text));
        results = [];
      }
    }
  }
  const texts = typeof system === "string" ? [system] : (system ?? []).map(({ text }) => text);
  return {
    prompts,
    results,
    said,
    system: texts.join("\n"),
    tools: (tools ?? []).map(({ name }) => name),
  };
}

function resultText(content: unknown): string {
  if (typeof content === "string") return content;
  return ((content ?? []) as Block[]).map(({ text }) => String(text ?? "")).join("\n");
}

function envelope(id: string, model: string) {
  return { id, type: "message", role: "assistant", model, stop_sequence: null };
}

function contentOf(id: string, turn: Turn): Block {
  return "text" in turn
    ? { type: "text", text: turn.text }
    : { type: "tool_use", id: id.replace("msg", "toolu"), name: turn.tool, input: turn.input };
}

function stopReason(turn: Turn): string {
  return "text" in turn ? "end_turn" : "tool_use";
}

function streamed(
  id: string,
  model: string,
  turn: Turn,
  usage: { input_tokens: number; output_tokens: number },
): Response {
  const content = contentOf(id, turn);
  const whole = "text" in turn ? turn.text : JSON.stringify(turn.input);
  const half = Math.ceil(whole.length / 2);
  const delta = (part: string) =>
    "text" in turn
      ? { type: "text_delta", text: part }
      : { type: "input_json_delta", partial_json: part };
  const events: Block[] = [
    {
      type: "message_start",
      message: {
        ...envelope(id, model),
        content: [],
        stop_reason: null,
        usage: { ...usage, output_tokens: 1 },
      },
    },
    {
      type: "content_block_start",
      index: 0,
      content_block: "text" in turn ? { type: "text", text: "" } : { ...content, input: {} },
    },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: delta(whole.slice(0, half)) },
    { type: "content_block_delta", index: 0, delta: delta(whole.slice(half)) },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: stopReason(turn), stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: "message_stop" },
  ];
  return eventStream(events.map((data) => ({ event: data.type, data })));
}
