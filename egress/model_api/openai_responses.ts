import type { Grammar, KeyRule, TypeRule } from "./grammar.ts";
import type { Outline } from "./json_outline.ts";
import { tableOf } from "./key_table.ts";

/** The Responses API of OpenAI, as `openai` 6.49.0 describes it, and what Codex sends. */
export const OPENAI_RESPONSES: Grammar = {
  endpoints: /\/responses(?:\/compact|\/input_tokens)?$/,
  files: /\/(?:files|uploads)(?:\/|$)/i,
  keys: tableOf<KeyRule>({
    walk: ["input", "instructions"],
    tools: ["tools"],
    model: ["model"],
    plain: [
      ...["max_output_tokens", "max_tool_calls", "metadata", "client_metadata", "moderation"],
      ...["parallel_tool_calls", "prompt_cache_key", "prompt_cache_options", "reasoning"],
      ...["prompt_cache_retention", "safety_identifier", "service_tier", "stream", "text", "user"],
      ...["stream_options", "temperature", "tool_choice", "top_logprobs", "top_p", "truncation"],
      ...["include", "context_management", "generate"],
      // Kept in the account of the credential that the sidecar adds, and found again there.
      ...["store", "background", "previous_response_id"],
    ],
    // Made elsewhere, with tools and texts of their own that cannot be seen here.
    hosted_tools: ["prompt", "conversation"],
  }),
  types: tableOf<TypeRule>({
    plain: [
      ...["message", "input_text", "output_text", "text", "refusal"],
      ...["input_image", "input_file", "input_audio", "summary_text", "reasoning_text"],
      ...["reasoning", "function_call", "function_call_output", "custom_tool_call"],
      ...["custom_tool_call_output", "local_shell_call", "local_shell_call_output", "shell_call"],
      ...["shell_call_output", "apply_patch_call", "apply_patch_call_output", "local"],
      ...["tool_search_call", "tool_search_output", "additional_tools", "item_reference"],
      ...["compaction", "compaction_summary", "compaction_trigger", "context_compaction"],
      ...["computer_call", "computer_call_output", "computer_screenshot", "agent_message"],
      "encrypted_content",
      "configuration_update",
      // What came of tools on the provider's side before: nothing runs for it again.
      ...["web_search_call", "file_search_call", "code_interpreter_call"],
      ...["image_generation_call", "mcp_call", "mcp_list_tools", "program", "program_output"],
    ],
    hosted_tools: [
      // A yes to a call of somebody's server.
      ...["mcp_approval_request", "mcp_approval_response"],
      ...["container_reference", "container_auto", "skill_reference"],
    ],
  }),
  data: new Set([
    ...["arguments", "annotations", "logprobs", "prompt_cache_breakpoint", "metadata"],
    ...["internal_chat_message_metadata_passthrough", "caller"],
  ]),
  dataOf: {
    custom_tool_call: ["input"],
    local_shell_call: ["action"],
    shell_call: ["action"],
    shell_call_output: ["output"],
    apply_patch_call: ["operation"],
    computer_call: ["action", "actions", "pending_safety_checks"],
    computer_call_output: ["acknowledged_safety_checks"],
    web_search_call: ["action"],
    file_search_call: ["results", "queries"],
    code_interpreter_call: ["outputs"],
    mcp_list_tools: ["tools"],
  },
  urlsToldBy: new Set(),

  tool(type, tool) {
    switch (type) {
      case "function":
      case "custom":
      case "local_shell":
      case "apply_patch":
      case "namespace": // its tools are looked at one by one
        return null;
      case "shell":
        // Only what says that the client runs it is taken for that.
        return isLocal(tool.get("environment")) ? null : "hosted_tools";
      case "tool_search":
        return tool.get("execution") === "client" ? null : "hosted_tools";
    }
    return /^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/.test(type ?? "")
      ? "web_search"
      : "hosted_tools";
  },
  model: (name) =>
    /(?:^|[-/])deep-research(?:-|$)|-search-(?:api|preview)/.test(name) ? "web_search" : null,
};

function isLocal(environment: Outline | undefined): boolean {
  return environment instanceof Map && environment.get("type") === "local";
}
