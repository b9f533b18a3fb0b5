import type { Grammar, KeyRule, TypeRule } from "./grammar.ts";
import { tableOf } from "./key_table.ts";

/** Tools that the client runs: it is told what to do, and says what came of it. */
const CLIENT_TOOL = /^(?:bash|text_editor|computer|memory|computer_toolset|browser_toolset)_\d{8}$/;
/** Looks through the tools of the same request. */
const TOOL_SEARCH = /^tool_search_tool_(?:bm25|regex)(?:_\d{8})?$/;

/** The Messages API of Anthropic, as `@anthropic-ai/sdk` 1.12.0 describes it, with its betas. */
export const ANTHROPIC_MESSAGES: Grammar = {
  endpoints: /\/v1\/messages(?:\/count_tokens)?$/,
  files: /\/files(?:\/|$)/i,
  keys: tableOf<KeyRule>({
    walk: ["messages", "system", "fallbacks"],
    tools: ["tools"],
    model: ["model"],
    plain: [
      ...["max_tokens", "metadata", "stop_sequences", "stream", "temperature", "top_k", "top_p"],
      ...["thinking", "tool_choice", "output_config", "output_format", "cache_control"],
      ...["service_tier", "speed", "inference_geo", "billing_policy", "diagnostics"],
      // What is kept or left out of a conversation that the provider has anyway.
      ...["context_management", "compaction", "fallback_credit_token", "betas", "thread"],
    ],
    hosted_tools: ["mcp_servers", "container"],
  }),
  types: tableOf<TypeRule>({
    plain: [
      ...["text", "image", "document", "base64", "content", "search_result"],
      ...["thinking", "redacted_thinking", "tool_use", "tool_result", "tool_reference"],
      ...["compaction", "fallback", "tool_addition", "tool_removal", "tool_definition"],
      ...["mcp_tool_reference", "mcp_toolset_reference", "mcp_tool_listing"],
      // What came of tools on the provider's side before: nothing runs for it again.
      ...["server_tool_use", "web_search_tool_result", "web_search_result"],
      ...["web_search_tool_result_error", "web_fetch_tool_result", "web_fetch_result"],
      ...["web_fetch_tool_result_error", "tool_search_tool_result"],
      ...["tool_search_tool_search_result", "tool_search_tool_result_error"],
      ...["code_execution_tool_result", "code_execution_result", "code_execution_output"],
      ...["encrypted_code_execution_result", "code_execution_tool_result_error"],
      ...["bash_code_execution_tool_result", "bash_code_execution_result"],
      ...["bash_code_execution_output", "bash_code_execution_tool_result_error"],
      ...["text_editor_code_execution_tool_result", "text_editor_code_execution_view_result"],
      ...["text_editor_code_execution_create_result"],
      ...["text_editor_code_execution_str_replace_result"],
      ...["text_editor_code_execution_tool_result_error", "mcp_tool_use", "mcp_tool_result"],
      ...["advisor_tool_result", "advisor_result", "advisor_redacted_result"],
      "advisor_tool_result_error",
    ],
    // The provider fetches what the URL names, or reads what somebody uploaded.
    web_fetch: ["url"],
    files: ["file", "container_upload"],
  }),
  data: new Set(["cache_control", "citations", "caller", "transformations"]),
  dataOf: {
    tool_use: ["input"],
    server_tool_use: ["input"],
    mcp_tool_use: ["input"],
    mcp_tool_listing: ["tools"],
  },
  urlsToldBy: new Set(["web_search_result", "web_fetch_result"]),

  tool(type) {
    if (type === undefined || type === "custom") return null;
    if (CLIENT_TOOL.test(type) || TOOL_SEARCH.test(type)) return null;
    if (/^web_search_\d{8}$/.test(type)) return "web_search";
    if (/^web_fetch_\d{8}$/.test(type)) return "web_fetch";
    return "hosted_tools";
  },
  model: () => null,
};
