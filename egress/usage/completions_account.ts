import type { Account } from "./account.ts";
import type { Picked } from "./json_picker.ts";
import {
  countAt,
  NO_TOKENS,
  textAt,
  type TokenCounts,
  type Usage,
  withCacheInside,
} from "./usage.ts";

const FIELDS: Readonly<Record<keyof TokenCounts, string>> = {
  input: "usage.prompt_tokens",
  output: "usage.completion_tokens",
  cacheRead: "usage.prompt_tokens_details.cached_tokens",
  cacheWrite: "usage.prompt_tokens_details.cache_write_tokens",
  reasoning: "usage.completion_tokens_details.reasoning_tokens",
};
const OBJECTS = /^(?:chat\.completion|text_completion)/;

/** Paths that a {@linkcode CompletionsAccount} wants. */
export const COMPLETIONS_PATHS: readonly string[] = ["object", "model", ...Object.values(FIELDS)];

/**
 * Answers of the Chat Completions API, of completions and of embeddings, as OpenAI and many others have them. A stream
 * tells its counts in one of its last chunks, or all along and cumulative; the last ones count.
 */
export class CompletionsAccount implements Account {
  #open = false;
  #model = "";
  #counts: TokenCounts | undefined;

  recognises(picked: Picked): boolean {
    return OBJECTS.test(textAt(picked, "object") ?? "") ||
      countAt(picked, FIELDS.input) !== undefined;
  }

  take(picked: Picked): undefined {
    this.#open = true;
    this.#model = textAt(picked, "model") ?? this.#model;
    const input = countAt(picked, FIELDS.input);
    if (input === undefined) return;
    const at = (name: keyof TokenCounts) => countAt(picked, FIELDS[name]) ?? 0;
    this.#counts = withCacheInside({
      input,
      output: at("output"),
      cacheRead: at("cacheRead"),
      cacheWrite: at("cacheWrite"),
      reasoning: at("reasoning"),
    });
  }

  end(isWhole: boolean): Usage | undefined {
    if (!this.#open) return undefined;
    const usage: Usage = {
      api: "openai-completions",
      model: this.#model,
      ...(this.#counts ?? NO_TOKENS),
      complete: isWhole && this.#counts !== undefined,
    };
    this.#open = false;
    this.#model = "";
    this.#counts = undefined;
    return usage;
  }
}
