/** One entry of a conversation as an agent's own CLI recorded it. Every text is the agent's: hostile. */
export interface TranscriptEntry {
  /** As it stands in the record, RFC 3339 where the CLI is honest; undefined where there is none. */
  readonly time: string | undefined;
  readonly role: "user" | "assistant" | "tool";
  /** `call`: the input of a tool. `result`: what it answered. */
  readonly kind: "text" | "thinking" | "call" | "result";
  readonly text: string;
  /** Name of the tool, where the line says it. */
  readonly tool?: string;
  /** What a result has in common with its call. */
  readonly call?: string;
}

/** Where a CLI keeps its conversations, and how a line of one reads. */
export interface Transcripts {
  /** Folder of the sessions, relative to the bottle's home. */
  readonly folder: string;
  /** Whether a path below that folder is a session: a file with one JSON object a line. */
  isSession(path: string): boolean;
  /** What a line says; nothing for a line of the CLI's own book-keeping. Takes any object. */
  entries(line: JsonObject): readonly TranscriptEntry[];
}

/** An object of JSON, nothing known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` as an object; an empty one when it is none. */
export function objectOf(value: unknown): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? value as JsonObject
    : {};
}

/** `value` when it is text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The parts of a message: a list of objects, or one text that stands for a list of one. */
export function partsOf(content: unknown): readonly JsonObject[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content.map(objectOf) : [];
}

/** The texts of a list of parts, one after the other; other parts as the name of their kind in brackets. */
export function joinedText(content: unknown): string {
  return partsOf(content).map((part) => textOf(part.text) ?? `[${textOf(part.type) ?? "part"}]`)
    .join("\n");
}

/** The input of a tool as one text. */
export function inputText(input: unknown): string {
  return textOf(input) ?? JSON.stringify(input) ?? "";
}
