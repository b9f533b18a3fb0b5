import { Buffer } from "node:buffer";
import { type Run, SHORTEST_RUN } from "../text/survey.ts";
import { decodedView, differenceView, type View } from "../text/view.ts";
import { decodeRun, HEAD, looksEncoded } from "./decode_run.ts";
import type { DecodeBudget } from "./budget.ts";
import { byteLists } from "./byte_lists.ts";
import { unpack } from "./compression.ts";
import { beginsAsContainer, containedViews } from "./containers.ts";
import { printableRuns } from "./printable_runs.ts";
import { dechunk } from "./chunked.ts";
import { unescapedView } from "./unescape.ts";

/** Printable bytes in a row that make decoded bytes worth looking at. */
const TEXT_RUN = 12;

/**
 * Everything that `view` decodes to, layer by layer: Base64 in both alphabets and at every alignment, hex, lists of
 * numbers, percent, backslash and HTML escapes, quoted-printable, and compression inside. What the budget does not
 * reach is remembered there.
 */
export function* decodedViews(view: View, budget: DecodeBudget, depth = 0): Generator<View> {
  const last = depth >= budget.limits.depth;
  for (const inner of oneLayer(view, budget)) {
    if (last) {
      // Escapes are everywhere, and undoing them once more says little.
      if (inner.via.at(-1) === "escapes" || inner.difference === true) continue;
      budget.refuse("more layers of encoding than are decoded");
      return;
    }
    yield inner;
    if (inner.difference === true) continue;
    yield* decodedViews(inner, budget, depth + 1);
  }
}

function* oneLayer(view: View, budget: DecodeBudget): Generator<View> {
  yield* containedViews(view, budget);
  const unescaped = unescapedView(view);
  if (unescaped !== undefined && budget.take(unescaped.bytes.length)) yield unescaped;
  yield* wideText(view, budget);
  const joined = dechunk(view.bytes);
  if (joined !== undefined && budget.take(joined.length)) {
    yield decodedView(view, 0, view.bytes.length, joined, "chunks");
  }
  yield* fromRuns(view, budget);
  for (const { start, end, bytes, name } of byteLists(view.bytes, view.text)) {
    if (isText(bytes) && budget.take(bytes.length)) {
      yield decodedView(view, start, end, bytes, name);
    }
  }
}

function* fromRuns(view: View, budget: DecodeBudget): Generator<View> {
  for (const run of view.runs) {
    yield* fromRun(view, run, budget);
    for (const segment of segmentsOf(view, run)) yield* fromRun(view, segment, budget);
  }
}

/** Longest run that is also looked at between its slashes, in bytes. */
const PATH_LENGTH = 4096;

/** Slashes of such a run from which on it is looked at as one. */
const MOST_TAILS = 8;

/**
 * A path is a run of Base64 too, of which one segment may be the one that is encoded, or several, since Base64 has
 * slashes of its own.
 */
function* segmentsOf(view: View, { start, end }: Run): Generator<Run> {
  if (end - start > PATH_LENGTH || !view.text.slice(start, end).includes("/")) return;
  let tails = 0;
  for (let at = start; at < end;) {
    const slash = view.text.indexOf("/", at);
    const stop = slash < 0 || slash > end ? end : slash;
    if (stop - at >= SHORTEST_RUN) yield { start: at, end: stop };
    if (at > start && stop < end && end - at >= SHORTEST_RUN && tails++ < MOST_TAILS) {
      yield { start: at, end };
    }
    at = stop + 1;
  }
}

function* fromRun(view: View, { start, end }: Run, budget: DecodeBudget): Generator<View> {
  const run = view.text.slice(start, end);
  if (!looksEncoded(run.slice(0, 400))) return;
  if (/^[0-9a-fA-F]+$/.test(run) && run.length % 2 === 0) {
    const bytes = Buffer.from(run, "hex");
    if (isText(bytes)) {
      if (budget.take(bytes.length)) yield decodedView(view, start, end, bytes, "hex");
      return;
    }
    if (beginsAsContainer(bytes)) {
      if (budget.take(bytes.length)) yield decodedView(view, start, end, bytes, "hex");
      return;
    }
  }
  const decoded = decodeRun(run, (head) => isText(head) || beginsAsContainer(head) || isWide(head));
  if (decoded === undefined) yield* fromBinary(view, start, end, run, budget);
  else if (budget.take(decoded.bytes.length)) {
    yield decodedView(view, start, end, decoded.bytes, "base64");
    yield* differencesOf(view, start, end, decoded.bytes, budget);
  }
}

/** The differences of few decoded bytes. */
function* differencesOf(
  view: View,
  start: number,
  end: number,
  bytes: Uint8Array,
  budget: DecodeBudget,
): Generator<View> {
  if (bytes.length <= CHANGED && budget.guess()) {
    yield differenceView(view, start, end, bytes);
  }
}

/** Largest decoded run that is also looked at as if every byte had been changed by one key, in bytes. */
const CHANGED = 4 * 1024;
/** Longest run whose four alignments are all decoded when none of them begins as anything known. */
const ALIGNED = 16 * 1024;
/** Shortest run that is looked into though it begins as nothing known. */
const LEAST_BINARY = 28;

/** What a run may hold that decodes to neither text nor a known container at its beginning. */
function* fromBinary(
  view: View,
  start: number,
  end: number,
  run: string,
  budget: DecodeBudget,
): Generator<View> {
  if (run.length < LEAST_BINARY || !/[0-9+/]/.test(run)) return;
  if (mayBeDeflated(run)) {
    const found = unpack(Buffer.from(run, "base64"), budget);
    if (found !== undefined && isText(found.bytes)) {
      yield decodedView(view, start, end, found.bytes, `base64, ${found.format}`);
      return;
    }
  }
  if (run.length <= HEAD) {
    yield* differencesOf(view, start, end, Buffer.from(run, "base64"), budget);
    return;
  }
  for (let skipped = 0; skipped < (run.length > ALIGNED ? 1 : 4); skipped++) {
    const bytes = Buffer.from(skipped === 0 ? run : run.slice(skipped), "base64");
    const text = printableRuns(bytes, TEXT_RUN);
    if (text.length > 0 && budget.take(text.length)) {
      yield decodedView(view, start, end, text, "base64");
    }
    if (skipped === 0) yield* differencesOf(view, start, end, bytes, budget);
  }
}

/** Raw deflate has no mark, so few runs are tried: short ones that look like random bytes, not like names. */
function mayBeDeflated(run: string): boolean {
  return run.length >= 28 && run.length <= 2048 && !/[_-]|[a-z]{7}|[A-Z]{8}/.test(run) &&
    /[0-9].*[0-9].*[0-9]/.test(run) && /[A-Z].*[a-z].*[A-Z]/.test(run);
}

/** UTF-16 and UTF-32 of ASCII text: the zeros between are taken away. */
function* wideText(view: View, budget: DecodeBudget): Generator<View> {
  const { bytes } = view;
  if (!isWide(bytes)) return;
  const narrow = bytes.filter((byte) => byte !== 0 && byte !== 0xfe && byte !== 0xff);
  if (budget.take(narrow.length)) {
    yield decodedView(view, 0, bytes.length, narrow, "wide characters");
  }
}

/** Whether two bytes in five are zero, as in characters of two or four bytes. */
function isWide(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 256);
  let zeros = 0;
  for (const byte of sample) if (byte === 0) zeros++;
  return bytes.length >= 16 && zeros * 5 >= sample.length * 2 && zeros < sample.length;
}

/** Whether `bytes` hold text: all of them when they are few, else a run of printable ones. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.length < 6) return false;
  let run = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      if (++run >= TEXT_RUN) return true;
    } else run = 0;
  }
  return run === bytes.length;
}
