import * as z from "zod";
import type { Conversation, Model, Turn } from "./model.ts";
import { eventStream, Requests, type ToldTokens } from "./recorded.ts";

const content = z.union([
  z.string(),
  z.array(z.looseObject({
    type: z.enum(["input_text", "output_text", "input_image"]),
    text: z.string().optional(),
  })),
]);
/** A tool, or tools under a common name. */
const tool = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string() })).optional(),
});
const item = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("message"),
    role: z.enum(["user", "assistant", "developer", "system"]),
    content,
  }),
  z.looseObject({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.looseObject({ type: z.literal("function_call_output"), call_id: z.string(), output: content }),
  z.looseObject({
    type: z.literal("custom_tool_call"),
    call_id: z.string(),
    name: z.string(),
    input: z.string(),
  }),
  z.looseObject({
    type: z.literal("custom_tool_call_output"),
    call_id: z.string(),
    output: content,
  }),
  z.looseObject({ type: z.literal("reasoning") }),
  z.looseObject({ type: z.literal("configuration_update") }),
  z.looseObject({ type: z.literal("additional_tools"), tools: z.array(tool) }),
]);
const request = z.looseObject({
  model: z.string(),
  input: z.array(item).min(1),
  instructions: z.string().optional(),
  stream: z.literal(true),
  store: z.literal(false).optional(),
  tools: z.array(tool).optional(),
});
type ResponsesRequest = z.output<typeof request>;
type Item = { [key: string]: unknown };

/** Where the API stands: under `/v1` for keys, elsewhere for logins. */
export interface ResponsesPlace {
  readonly base: string;
  /** Further endpoints, by method and path, and what they answer. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The Responses API as far as a coding agent uses it: event stream, function calls, errors and usage. */
export class ResponsesApi {
  readonly seen = new Requests();
  /** Answers the next calls with these statuses first. */
  readonly failures: number[] = [];
  #calls = 0;

  constructor(readonly model: Model, readonly place: ResponsesPlace = { base: "/v1" }) {}

  /** The handler of a server. */
  readonly serve = async (incoming: Request): Promise<Response> => {
    const { method, path, headers, body } = await this.seen.take(incoming);
    const name = path.split("?")[0]!;
    const asked = `${method} ${name}`;
    if (asked === `POST ${this.place.base}/responses`) return this.#respond(headers, body);
    const more = this.place.more ?? {};
    if (Object.hasOwn(more, asked)) return Response.json(more[asked]);
    if (asked === `GET ${this.place.base}/models`) return Response.json({ models: [] });
    this.seen.faults.push(`${asked} is no endpoint of the fake`);
    return failure(404, "no such endpoint");
  };

  #respond(headers: Readonly<Record<string, string>>, body: string): Response {
    const status = this.failures.shift();
    if (status !== undefined) return failure(status, "as the test asked");
    if (!headers["content-type"]?.startsWith("application/json")) {
      return this.#refuse("content-type is not application/json");
    }
    const parsed = request.safeParse(parseJson(body));
    if (!parsed.success) return this.#refuse(z.prettifyError(parsed.error));
    const problem = callProblem(parsed.data);
    if (problem !== undefined) return this.#refuse(problem);
    const turn = this.model(conversationOf(parsed.data));
    const told = this.seen.tell({ input: Math.ceil(body.length / 4), cached: 60, output: 12 });
    return streamed(`resp_${++this.#calls}`, parsed.data.model, turn, told);
  }

  #refuse(reason: string): Response {
    this.seen.faults.push(reason);
    return failure(400, reason);
  }
}

function failure(status: number, message: string): Response {
  return Response.json({ error: { message, type: "invalid_request_error", code: null } }, {
    status,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Each call has its output, and each output its call. */
function callProblem({ input }: ResponsesRequest): string | undefined {
  const idsOf = (kind: RegExp) =>
    input.filter(({ type }) => kind.test(type)).map((entry) => String((entry as Item).call_id));
  const calls = idsOf(/_call$/);
  const outputs = idsOf(/_call_output$/);
  const lost = calls.find((id) => !outputs.includes(id));
  if (lost !== undefined) return `No tool output found for function call ${lost}.`;
  const odd = outputs.find((id) => !calls.includes(id));
  return odd === undefined ? undefined : `No tool call found for function call output ${odd}.`;
}

function textOf(value: z.output<typeof content>): string {
  return typeof value === "string" ? value : value.map(({ text }) => text ?? "").join("\n");
}

function conversationOf({ input, instructions, tools }: ResponsesRequest): Conversation {
  const prompts: string[] = [];
  const said: string[] = [];
  const system = [instructions ?? ""];
  let results: string[] = [];
  for (const entry of input) {
    if (entry.type === "message") {
      const text = textOf(entry.content);
      if (entry.role === "assistant") said.push(text);
      else if (entry.role !== "user") system.push(text);
      else if (!/^\s*(<|# AGENTS)/.test(text)) {
        prompts.push(text);
        results = [];
      }
    } else if ("output" in entry) results.push(textOf(entry.output as z.output<typeof content>));
  }
  return {
    prompts,
    results,
    said,
    system: system.join("\n"),
    tools: [
      ...(tools ?? []),
      ...input.flatMap((entry) => entry.type === "additional_tools" ? entry.tools : []),
    ].flatMap(({ name, type, tools }) => tools?.map(({ name }) => name) ?? [name ?? type]),
  };
}

function streamed(id: string, model: string, turn: Turn, told: ToldTokens): Response {
  const item: Item = "text" in turn
    ? {
      type: "message",
      id: `msg_${id}`,
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: turn.text, annotations: [] }],
    }
    : typeof turn.input === "string"
    ? {
      type: "custom_tool_call",
      id: `ctc_${id}`,
      call_id: `call_${id}`,
      name: turn.tool,
      input: turn.input,
      status: "completed",
    }
    : {
      type: "function_call",
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name: turn.tool,
      arguments: JSON.stringify(turn.input),
      status: "completed",
    };
  const response = { id, object: "response", model, status: "in_progress", output: [] };
  const usage = {
    input_tokens: told.input,
    input_tokens_details: { cached_tokens: told.cached },
    output_tokens: told.output,
    output_tokens_details: { reasoning_tokens: 5 },
    total_tokens: told.input + told.output,
  };
  const events: (Item & { type: string })[] = [
    { type: "response.created", response },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: "text" in turn
        ? { ...item, content: [] }
        : { ...item, ["input" in item ? "input" : "arguments"]: "" },
    },
    {
      type: "text" in turn
        ? "response.output_text.delta"
        : "input" in item
        ? "response.custom_tool_call_input.delta"
        : "response.function_call_arguments.delta",
      item_id: item.id,
      output_index: 0,
      ...("text" in turn ? { content_index: 0 } : {}),
      delta: "text" in turn ? turn.text : item.input ?? item.arguments,
    },
    { type: "response.output_item.done", output_index: 0, item },
    {
      type: "response.completed",
      response: { ...response, status: "completed", output: [item], usage },
    },
  ];
  return eventStream(
    events.map((data, sequence_number) => ({
      event: data.type,
      data: { ...data, sequence_number },
    })),
  );
}
