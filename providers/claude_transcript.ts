import {
  inputText,
  joinedText,
  objectOf,
  partsOf,
  textOf,
  type TranscriptEntry,
  type Transcripts,
} from "./transcript.ts";

/** Sessions of Claude Code: one file each, in a folder that is named for the working directory. */
export const claudeTranscripts: Transcripts = {
  folder: ".claude/projects",
  // One level deeper stand the conversations of its subagents.
  isSession: (path) => /^[^/]+\/[^/]+\.jsonl$/.test(path),
  entries(line) {
    // What the CLI adds to a conversation by itself is marked.
    if (line.isSidechain === true || line.isMeta === true) return [];
    if (line.type !== "user" && line.type !== "assistant") return [];
    const role = line.type;
    const time = textOf(line.timestamp);
    return partsOf(objectOf(line.message).content).flatMap((part): TranscriptEntry[] => {
      const call = textOf(part.tool_use_id) ?? textOf(part.id);
      const known = call === undefined ? {} : { call };
      switch (part.type) {
        case "text":
          return [{ time, role, kind: "text", text: textOf(part.text) ?? "" }];
        case "thinking":
          return [{ time, role, kind: "thinking", text: textOf(part.thinking) ?? "" }];
        case "tool_use":
          return [{
            time,
            role,
            kind: "call",
            text: inputText(part.input),
            tool: textOf(part.name) ?? "",
            ...known,
          }];
        case "tool_result":
          return [{ time, role: "tool", kind: "result", text: joinedText(part.content), ...known }];
        default:
          return [];
      }
    });
  },
};
