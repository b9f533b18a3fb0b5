import { decodedView, type View } from "../text/view.ts";
import type { DecodeBudget } from "./budget.ts";
import { compressionOf, decompress, inflatePart, unpack } from "./compression.ts";
import { mayBeginDeflate } from "./deflate_start.ts";
import { joinedMessages } from "./grpc.ts";
import { partContents } from "./multipart.ts";
import { opaqueKind } from "./opaque.ts";
import { pngData } from "./png.ts";
import { zipEntries } from "./zip.ts";

const DEFLATED = 8;
const ZSTANDARD = 93;

/** Whether bytes begin as something that {@linkcode containedViews} looks into, or says that it cannot. */
export function beginsAsContainer(bytes: Uint8Array): boolean {
  return compressionOf(bytes) !== undefined || opaqueKind(bytes) !== undefined ||
    startsWith(bytes, "PK\x03\x04") || startsWith(bytes, "\x89PNG") ||
    (bytes[0] === 1 && compressionOf(bytes.subarray(5)) !== undefined);
}

function startsWith(bytes: Uint8Array, mark: string): boolean {
  return [...mark].every((character, index) => bytes[index] === character.charCodeAt(0));
}

/**
 * What compressed data and archives in `view` hold: gzip, zlib and Zstandard data at its beginning or at the beginning
 * of a part of a multipart body, ZIP archives and PNG images anywhere, messages of gRPC. Tar archives hold files as they
 * are. What cannot be looked into is remembered in the budget.
 */
export function* containedViews(view: View, budget: DecodeBudget): Generator<View> {
  const { bytes } = view;
  const meet = (kind: string, start: number, end: number) =>
    budget.meet({ kind, ...view.origin(start, end), via: view.via });
  for (const { start, end } of [{ start: 0, end: bytes.length }, ...partContents(view)]) {
    const part = bytes.subarray(start, end);
    const kind = opaqueKind(part);
    if (kind !== undefined) meet(kind, start, end);
    if (compressionOf(part) === undefined) continue;
    const found = unpack(part, budget);
    if (found !== undefined) yield decodedView(view, start, end, found.bytes, found.format);
  }
  for (const { start, end, method, encrypted } of zipEntries(view)) {
    // The size may be told wrong; compressed data says itself where it ends.
    const data = bytes.subarray(start);
    const inner = encrypted
      ? undefined
      : method === DEFLATED
      ? mayBeginDeflate(data, false) && budget.attempt() ? inflatePart(data, budget) : undefined
      : method === ZSTANDARD
      ? budget.attempt() ? decompress(data, "zstd", budget) : undefined
      : undefined;
    if (inner !== undefined) yield decodedView(view, start, end, inner, "zip");
    else meet(encrypted ? "zip with encryption" : `zip with method ${method}`, start, end);
  }
  const onLarge = () => meet("pixels of an image", 0, bytes.length);
  for (const { start, end, bytes: packed } of pngData(view, onLarge)) {
    const inner = budget.attempt() ? decompress(packed, "deflate", budget) : undefined;
    if (inner !== undefined) yield decodedView(view, start, end, inner, "png");
  }
  yield* messagesOf(view, budget);
}

/** The messages of gRPC. */
function* messagesOf(view: View, budget: DecodeBudget): Generator<View> {
  const joined = joinedMessages(view.bytes, ({ start, end }) => {
    const plain = unpack(view.bytes.subarray(start, end), budget)?.bytes;
    if (plain === undefined) {
      budget.meet({ kind: "compressed gRPC message", ...view.origin(start, end), via: view.via });
    }
    return plain;
  });
  if (joined !== undefined && joined.length > 0 && budget.take(joined.length)) {
    yield decodedView(view, 0, view.bytes.length, joined, "grpc");
  }
}
