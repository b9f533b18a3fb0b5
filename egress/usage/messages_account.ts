import type { Account } from "./account.ts";
import type { Picked } from "./json_picker.ts";
import { countAt, NO_TOKENS, textAt, type TokenCounts, type Usage } from "./usage.ts";

/** Where each count stands in a `usage` of the Messages API. Cached tokens are beside its input, not inside. */
const FIELDS: Readonly<Record<keyof TokenCounts, string>> = {
  input: "input_tokens",
  output: "output_tokens",
  cacheRead: "cache_read_input_tokens",
  cacheWrite: "cache_creation_input_tokens",
  reasoning: "output_tokens_details.thinking_tokens",
};
const TYPES: ReadonlySet<unknown> = new Set([
  "message",
  "message_start",
  "message_delta",
  "message_stop",
]);

/** Paths that a {@linkcode MessagesAccount} wants. */
export const MESSAGES_PATHS: readonly string[] = [
  "type",
  "model",
  "message.model",
  "delta.stop_reason",
  ...Object.values(FIELDS).flatMap((field) => [`usage.${field}`, `message.usage.${field}`]),
];

/**
 * Answers of Anthropic's Messages API. The counts of a stream are cumulative: `message_start` has the first ones, and
 * each that is not null in a `message_delta` replaces its own.
 */
export class MessagesAccount implements Account {
  #open = false;
  #model = "";
  #told: Partial<Record<keyof TokenCounts, number>> = {};
  /** Whether the output was counted after its beginning. */
  #counted = false;
  #stopped = false;

  recognises(picked: Picked): boolean {
    return TYPES.has(picked.get("type"));
  }

  take(picked: Picked, isWhole: boolean): Usage | undefined {
    const type = picked.get("type");
    if (type === "message_stop") {
      this.#stopped = true;
      return this.#close();
    }
    this.#open = true;
    const place = type === "message_start" ? "message." : "";
    this.#model = textAt(picked, `${place}model`) ?? this.#model;
    for (const [name, field] of Object.entries(FIELDS) as [keyof TokenCounts, string][]) {
      const count = countAt(picked, `${place}usage.${field}`);
      if (count !== undefined) this.#told[name] = count;
    }
    if (type === "message_start") return undefined;
    if (countAt(picked, "usage.output_tokens") !== undefined) this.#counted = true;
    if (type === "message_delta") {
      if (textAt(picked, "delta.stop_reason") !== undefined) this.#stopped = true;
      return undefined;
    }
    this.#stopped = isWhole;
    return this.#close();
  }

  end(): Usage | undefined {
    return this.#close();
  }

  #close(): Usage | undefined {
    if (!this.#open) return undefined;
    const usage: Usage = {
      api: "anthropic-messages",
      model: this.#model,
      ...NO_TOKENS,
      ...this.#told,
      complete: this.#counted && this.#stopped && this.#told.input !== undefined,
    };
    this.#open = this.#counted = this.#stopped = false;
    this.#model = "";
    this.#told = {};
    return usage;
  }
}
