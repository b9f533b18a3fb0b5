import type { Account } from "./account.ts";
import type { Picked } from "./json_picker.ts";
import {
  combined,
  countAt,
  NO_TOKENS,
  textAt,
  type TokenCounts,
  type Usage,
  withCacheInside,
} from "./usage.ts";

const FIELDS: Readonly<Record<keyof TokenCounts, string>> = {
  input: "input_tokens",
  output: "output_tokens",
  cacheRead: "input_tokens_details.cached_tokens",
  cacheWrite: "input_tokens_details.cache_write_tokens",
  reasoning: "output_tokens_details.reasoning_tokens",
};
/** Events after which nothing more is said of a response. */
const LAST = /^response\.(?:completed|incomplete|failed|cancelled)$/;
/** States of a response that goes on elsewhere. */
const GOING_ON: ReadonlySet<unknown> = new Set(["queued", "in_progress"]);
/** Responses that are remembered by their id. */
const MOST_IDS = 64;

/** Paths that a {@linkcode ResponsesAccount} wants. */
export const RESPONSES_PATHS: readonly string[] = [
  "type",
  ...["", "response."].flatMap((place) => [
    ...["id", "object", "model", "status"].map((name) => place + name),
    ...Object.values(FIELDS).map((field) => `${place}usage.${field}`),
  ]),
];

/**
 * Answers of OpenAI's Responses API, also over a WebSocket, where one follows another. Counts come with the event that
 * ends a response. One id is counted once: if it ends again, only what is more counts.
 */
export class ResponsesAccount implements Account {
  /** A response that began and is not over. */
  #open: { readonly id: string | undefined; readonly model: string } | undefined;
  readonly #counted = new Map<string, TokenCounts>();

  recognises(picked: Picked): boolean {
    return textAt(picked, "type")?.startsWith("response.") === true ||
      textAt(picked, "object")?.startsWith("response") === true;
  }

  take(picked: Picked, isWhole: boolean): Usage | undefined {
    const type = textAt(picked, "type");
    const place = type === undefined ? "" : "response.";
    const model = textAt(picked, `${place}model`) ?? this.#open?.model ?? "";
    const id = textAt(picked, `${place}id`);
    const isLast = type === undefined
      ? !GOING_ON.has(picked.get("status"))
      : LAST.test(type) && isWhole;
    if (!isLast) {
      if (id !== undefined) this.#open = { id, model };
      return undefined;
    }
    this.#open = undefined;
    const told = countsAt(picked, `${place}usage.`);
    if (told === undefined) return unknown(model);
    const counts = this.#more(id, told);
    return counts && { api: "openai-responses", model, ...counts, complete: isWhole };
  }

  end(): Usage | undefined {
    const open = this.#open;
    this.#open = undefined;
    return open && unknown(open.model);
  }

  /** What was not counted yet of the response with that id; undefined when there is nothing. */
  #more(id: string | undefined, told: TokenCounts): TokenCounts | undefined {
    if (id === undefined) return told;
    const before = this.#counted.get(id);
    this.#counted.set(id, before === undefined ? told : combined(told, before, Math.max));
    if (this.#counted.size > MOST_IDS) this.#counted.delete(this.#counted.keys().next().value!);
    if (before === undefined) return told;
    const more = combined(told, before, (now, then) => Math.max(0, now - then));
    return Object.values(more).every((count) => count === 0) ? undefined : more;
  }
}

function countsAt(picked: Picked, place: string): TokenCounts | undefined {
  const [input, output, cacheRead, cacheWrite, reasoning] =
    (["input", "output", "cacheRead", "cacheWrite", "reasoning"] as const)
      .map((name) => countAt(picked, place + FIELDS[name]));
  if (input === undefined || output === undefined) return undefined;
  return withCacheInside({
    input,
    output,
    cacheRead: cacheRead ?? 0,
    cacheWrite: cacheWrite ?? 0,
    reasoning: reasoning ?? 0,
  });
}

function unknown(model: string): Usage {
  return { api: "openai-responses", model, ...NO_TOKENS, complete: false };
}
