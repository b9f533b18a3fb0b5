import {
  inputText,
  joinedText,
  objectOf,
  partsOf,
  textOf,
  type TranscriptEntry,
  type Transcripts,
} from "./transcript.ts";

/** Sessions of Pi: one file each, in a folder that is named for the working directory. */
export const piTranscripts: Transcripts = {
  folder: ".pi/agent/sessions",
  isSession: (path) => path.endsWith(".jsonl"),
  entries(line) {
    if (line.type !== "message") return [];
    const message = objectOf(line.message);
    const time = textOf(line.timestamp);
    const { role } = message;
    if (role === "toolResult") {
      const tool = textOf(message.toolName);
      return [{
        time,
        role: "tool",
        kind: "result",
        text: joinedText(message.content),
        ...(tool === undefined ? {} : { tool }),
      }];
    }
    if (role !== "user" && role !== "assistant") return [];
    return partsOf(message.content).flatMap((part): TranscriptEntry[] => {
      switch (part.type) {
        case "text":
          return [{ time, role, kind: "text", text: textOf(part.text) ?? "" }];
        case "thinking":
          return [{ time, role, kind: "thinking", text: textOf(part.thinking) ?? "" }];
        case "toolCall": {
          const tool = textOf(part.name) ?? "";
          return [{ time, role, kind: "call", text: inputText(part.arguments), tool }];
        }
        default:
          return [];
      }
    });
  },
};
