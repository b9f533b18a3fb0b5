import { compressionOf } from "./decode/compression.ts";
import type { Match } from "./finding.ts";
import type { Scanner } from "./scanner.ts";

/** Bytes that are looked at together. */
const PIECE = 1024 * 1024;
/** Bytes of the last piece that are looked at again with the next one: longer than any pattern. */
const OVERLAP = 32 * 1024;
/** Findings that are kept. */
const MOST = 1_000;

/** What came of a whole stream. */
export interface StreamScanResult {
  readonly bytes: number;
  readonly matches: readonly Match[];
  /** Why a part was not looked at, each reason once. */
  readonly incomplete: readonly string[];
}

/**
 * Scans a stream of any length in memory of a few megabytes. Pieces overlap, so that a value on the border is seen.
 * A gzip stream is unpacked first; ranges then count unpacked bytes.
 */
export async function scanStream(
  scanner: Scanner,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StreamScanResult> {
  const matches: Match[] = [];
  const incomplete = new Set<string>();
  let via: readonly string[] = [];
  let held = new Uint8Array(0);
  let base = 0;
  const look = () => {
    const result = scanner.scan(held, undefined, base);
    for (const match of result.matches) {
      const seen = { ...match, via: [...via, ...match.via] };
      const known = matches.findIndex((other) => overlaps(other, seen));
      if (known >= 0) {
        const other = matches[known]!;
        if (seen.end - seen.start > other.end - other.start) matches[known] = seen;
      } else if (matches.length < MOST) matches.push(seen);
      else incomplete.add(`more than ${MOST} findings`);
    }
    if (result.incomplete !== undefined) incomplete.add(result.incomplete);
  };
  const { stream, decoder, refused } = await unpacked(chunks);
  if (decoder !== undefined) via = [decoder];
  if (refused !== undefined) incomplete.add(refused);
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      const room = PIECE + OVERLAP - held.length;
      const part = chunk.subarray(at, at + room);
      held = joined(held, part);
      at += part.length;
      if (held.length < PIECE + OVERLAP) continue;
      look();
      base += PIECE;
      held = held.slice(PIECE);
    }
  }
  look();
  return { bytes: base + held.length, matches, incomplete: [...incomplete] };
}

/** Whether two findings are the same value: one of them may be cut off at the border of a piece. */
function overlaps(a: Match, b: Match): boolean {
  return a.detector === b.detector && a.rule === b.rule && a.start < b.end && b.start < a.end;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** The stream as it is, or unpacked when it begins as gzip does. */
async function unpacked(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ stream: AsyncIterable<Uint8Array>; decoder?: string; refused?: string }> {
  const source = chunks[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  let ended = false;
  while (head.length < 8 && !ended) {
    const { value, done } = await source.next();
    if (done === true) ended = true;
    else head = joined(head, value);
  }
  const rest = (async function* () {
    if (head.length > 0) yield head;
    for (
      let next = ended ? undefined : await source.next();
      next?.done === false;
      next = await source.next()
    ) {
      yield next.value;
    }
  })();
  const format = compressionOf(head);
  if (format !== "gzip") {
    const refused = format === "zstd"
      ? "zstd data that is only unpacked when it fits one piece"
      : undefined;
    return refused === undefined ? { stream: rest } : { stream: rest, refused };
  }
  const packed = ReadableStream.from(rest) as ReadableStream<BufferSource>;
  return { stream: packed.pipeThrough(new DecompressionStream("gzip")), decoder: "gzip" };
}
