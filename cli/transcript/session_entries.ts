import type { JsonObject, TranscriptEntry, Transcripts } from "../../providers/transcript.ts";

/** What a session says. */
export interface SessionEntries {
  readonly entries: readonly TranscriptEntry[];
  /** Lines that are no JSON object, or too long; the last one may still be being written. */
  readonly odd: number;
}

/** Bytes of a line that are looked at: an image in it may take megabytes. */
const LONGEST_LINE = 16 << 20;

/**
 * The conversation in a session's bytes. Results get the name of the tool that was called.
 *
 * @param cut whether the first line may be the rest of one.
 */
export function sessionEntries(
  bytes: Uint8Array,
  cut: boolean,
  transcripts: Transcripts,
): SessionEntries {
  const entries: TranscriptEntry[] = [];
  const tools = new Map<string, string>();
  let odd = 0;
  let first = cut;
  for (const line of linesOf(bytes)) {
    const skipped = first;
    first = false;
    if (skipped || line.length === 0) continue;
    const value = line.length > LONGEST_LINE ? undefined : parsed(line);
    if (value === undefined) {
      odd++;
      continue;
    }
    for (const entry of transcripts.entries(value)) {
      if (entry.text.trim() === "" && entry.kind !== "result") continue;
      if (entry.call !== undefined && entry.tool !== undefined) tools.set(entry.call, entry.tool);
      const tool = entry.tool ?? tools.get(entry.call ?? "");
      entries.push({ ...entry, ...(tool === undefined ? {} : { tool }) });
    }
  }
  return { entries, odd };
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

function parsed(line: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(line));
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return isObject ? value as JsonObject : undefined;
  } catch {
    return undefined;
  }
}
