import type { Grammar, KeyRule, TypeRule } from "./grammar.ts";
import { tableOf } from "./key_table.ts";

/**
 * Models that search the web on their own: OpenAI's `-search-` and deep research, Perplexity's Sonar, Groq's Compound,
 * OpenRouter's `:online`. Names only tell what is known; a route to a service whose models search is one that searches.
 */
const SEARCHES = /-search-|-search$|deep-research|(?:^|\/)(?:sonar|compound)(?:-|$)|:online$/;

/**
 * Chat completions, as `openai` 6.49.0 describes them, with what Pi sends to services that speak them too. Many of
 * those have keys of their own that make them search or pass a request on (`plugins`, `search_parameters`,
 * `enable_search`, `api_base`), so no key that is not listed is let through.
 */
export const OPENAI_COMPLETIONS: Grammar = {
  endpoints: /\/chat\/completions$/,
  files: /\/(?:files|uploads)(?:\/|$)/i,
  keys: tableOf<KeyRule>({
    walk: ["messages", "prediction"],
    tools: ["tools"],
    model: ["model"],
    plain: [
      ...["audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs"],
      ...["max_completion_tokens", "max_tokens", "metadata", "modalities", "moderation", "n"],
      ...["parallel_tool_calls", "presence_penalty", "prompt_cache_key", "prompt_cache_options"],
      ...["prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier"],
      ...["seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature"],
      ...["tool_choice", "top_logprobs", "top_p", "user", "verbosity"],
      // Of other services: how to sample, and how much to think.
      ...["top_k", "top_a", "min_p", "repetition_penalty", "reasoning", "thinking"],
      ...["enable_thinking", "chat_template_kwargs", "chat_template_args", "tool_stream"],
      "session_id",
    ],
    web_search: ["web_search_options"],
  }),
  types: tableOf<TypeRule>({
    plain: [
      ...["text", "image_url", "video_url", "audio_url", "input_audio", "file", "refusal"],
      ...["thinking", "function", "custom"],
    ],
  }),
  data: new Set([
    ...["cache_control", "annotations", "reasoning_details", "function_call", "function"],
    ...["custom", "arguments", "extra_content", "prompt_cache_breakpoint"],
  ]),
  dataOf: {},
  urlsToldBy: new Set(),

  tool(type) {
    if (type === "function" || type === "custom") return null;
    return type === "web_search" ? "web_search" : "hosted_tools";
  },
  model: (name) => SEARCHES.test(name) ? "web_search" : null,
};
