import * as z from "zod";
import type { Conversation, Model, Turn } from "./model.ts";
import { eventStream, Requests, type ToldTokens } from "./recorded.ts";

const text = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
]);
const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.literal("system"), content: text }),
  z.looseObject({ role: z.literal("developer"), content: text }),
  z.looseObject({ role: z.literal("user"), content: text }),
  z.looseObject({
    role: z.literal("assistant"),
    content: text.nullish(),
    tool_calls: z.array(z.looseObject({ id: z.string() })).optional(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: z.string(), content: text }),
]);
const request = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.literal(true),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
  tools: z.array(z.looseObject({
    type: z.literal("function"),
    function: z.looseObject({ name: z.string() }),
  })).optional(),
});
type CompletionsRequest = z.output<typeof request>;

/** The Chat Completions API as many servers speak it, as an event stream. */
export class CompletionsApi {
  readonly seen = new Requests();
  #calls = 0;

  constructor(readonly model: Model, readonly base = "/v1") {}

  /** The handler of a server. */
  readonly serve = async (incoming: Request): Promise<Response> => {
    const { method, path, body } = await this.seen.take(incoming);
    if (`${method} ${path}` !== `POST ${this.base}/chat/completions`) {
      return this.#refuse(`${method} ${path} is no endpoint of the fake`, 404);
    }
    const parsed = request.safeParse(JSON.parse(body));
    if (!parsed.success) return this.#refuse(z.prettifyError(parsed.error), 400);
    const turn = this.model(conversationOf(parsed.data));
    const isCounted = parsed.data.stream_options?.include_usage === true;
    const told = isCounted
      ? this.seen.tell({ input: Math.ceil(body.length / 4), cached: 60, output: 12 })
      : undefined;
    return streamed(`chatcmpl-${++this.#calls}`, parsed.data.model, turn, told);
  };

  #refuse(reason: string, status: number): Response {
    this.seen.faults.push(reason);
    return Response.json({ error: { message: reason, type: "invalid_request_error" } }, { status });
  }
}

function textOf(value: z.output<typeof text>): string {
  return typeof value === "string" ? value : value.map(({ text }) => text ?? "").join("\n");
}

function conversationOf({ messages, tools }: CompletionsRequest): Conversation {
  const prompts: string[] = [];
  const said: string[] = [];
  const system: string[] = [];
  let results: string[] = [];
  for (const entry of messages) {
    if (entry.role === "assistant") said.push(textOf(entry.content ?? ""));
    else if (entry.role === "tool") results.push(textOf(entry.content));
    else if (entry.role === "user") {
      prompts.push(textOf(entry.content));
      results = [];
    } else system.push(textOf(entry.content));
  }
  return {
    prompts,
    results,
    said,
    system: system.join("\n"),
    tools: (tools ?? []).map(({ function: { name } }) => name),
  };
}

/** @param told undefined for a client that did not ask for counts. */
function streamed(id: string, model: string, turn: Turn, told: ToldTokens | undefined): Response {
  const head = { id, object: "chat.completion.chunk", created: 0, model };
  const chunk = (delta: unknown, finish_reason: string | null) => ({
    data: {
      ...head,
      choices: [{ index: 0, delta, finish_reason }],
      ...(told === undefined ? {} : { usage: null }),
    },
  });
  const said = "text" in turn ? { content: turn.text } : {
    tool_calls: [{
      index: 0,
      id: `call_${id}`,
      type: "function",
      function: { name: turn.tool, arguments: JSON.stringify(turn.input) },
    }],
  };
  const last = told === undefined ? [] : [{
    data: {
      ...head,
      choices: [],
      usage: {
        prompt_tokens: told.input,
        prompt_tokens_details: { cached_tokens: told.cached },
        completion_tokens: told.output,
        total_tokens: told.input + told.output,
      },
    },
  }];
  return eventStream([
    chunk({ role: "assistant", content: "" }, null),
    chunk(said, null),
    chunk({}, "text" in turn ? "stop" : "tool_calls"),
    ...last,
  ], "[DONE]");
}
