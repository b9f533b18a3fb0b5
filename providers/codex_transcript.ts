import {
  inputText,
  joinedText,
  type JsonObject,
  objectOf,
  partsOf,
  textOf,
  type TranscriptEntry,
  type Transcripts,
} from "./transcript.ts";

/** Sessions of Codex: one file each, by day. Its items are those of the Responses API. */
export const codexTranscripts: Transcripts = {
  folder: ".codex/sessions",
  isSession: (path) => /(^|\/)rollout-[^/]+\.jsonl$/.test(path),
  entries(line) {
    // Everything else tells the same once more, as events of its screen.
    if (line.type !== "response_item") return [];
    const item = objectOf(line.payload);
    const time = textOf(line.timestamp);
    const call = textOf(item.call_id);
    const known = call === undefined ? {} : { call };
    switch (item.type) {
      case "message":
        return message(item, time);
      case "reasoning":
        return partsOf(item.summary).map((part) => ({
          time,
          role: "assistant",
          kind: "thinking",
          text: textOf(part.text) ?? "",
        }));
      case "function_call":
      case "custom_tool_call":
        return [{
          time,
          role: "assistant",
          kind: "call",
          text: inputText(item.arguments ?? item.input),
          tool: textOf(item.name) ?? "",
          ...known,
        }];
      case "local_shell_call":
        return [{
          time,
          role: "assistant",
          kind: "call",
          text: inputText(item.action),
          tool: "shell",
          ...known,
        }];
      case "function_call_output":
      case "custom_tool_call_output":
        return [{ time, role: "tool", kind: "result", text: joinedText(item.output), ...known }];
      default:
        return [];
    }
  },
};

function message(item: JsonObject, time: string | undefined): TranscriptEntry[] {
  const { role } = item;
  if (role !== "user" && role !== "assistant") return [];
  // What Codex says for the user (the environment, the instructions of a project) has kinds of its own.
  const kinds = objectOf(item.internal_chat_message_metadata_passthrough).content_item_kinds;
  return partsOf(item.content).flatMap((part, index): TranscriptEntry[] => {
    const kind = Array.isArray(kinds) ? kinds[index] : undefined;
    const text = textOf(part.text);
    if (text === undefined) return [];
    if (role === "user" && typeof kind === "string" && kind !== "user.text") return [];
    return [{ time, role, kind: "text", text }];
  });
}
