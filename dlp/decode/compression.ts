import { Buffer } from "node:buffer";
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import type { DecodeBudget } from "./budget.ts";
import { mayBeginDeflate } from "./deflate_start.ts";

/** A compression format. */
export type Compression = "gzip" | "deflate" | "deflate-raw" | "br" | "zstd";

const EXPAND = {
  "gzip": gunzipSync,
  "deflate": inflateSync,
  "deflate-raw": inflateRawSync,
  "br": brotliDecompressSync,
  "zstd": zstdDecompressSync,
} as const;

/** The format that the first bytes announce; undefined for none. Brotli and raw deflate announce nothing. */
export function compressionOf(bytes: Uint8Array): Compression | undefined {
  if (bytes.length < 8) return undefined;
  const [a, b, c, d] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!];
  if (a === 0x1f && b === 0x8b && c === 8) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  // RFC 1950: method 8, window up to 32 KiB, and a check over both bytes.
  if ((a & 0x8f) === 8 && ((a << 8) | b) % 31 === 0) return "deflate";
  return undefined;
}

/**
 * Decompresses all of `bytes` within the budget, one member or frame after the other; undefined when they are not of that
 * format to their last byte, or the budget is out. Readers take what follows the first frame for more of the same, or
 * leave it, so that something could hide there.
 */
export function decompress(
  bytes: Uint8Array,
  format: Compression,
  budget: DecodeBudget,
): Uint8Array | undefined {
  const unpacked = members(bytes, format, budget);
  return unpacked?.used === bytes.length ? unpacked.bytes : undefined;
}

/** Members of one input that are unpacked; more are nothing that a client would send. */
const MOST_MEMBERS = 1_000;

/** What stands at the beginning of `bytes` in that format, with members of any format behind it. */
function members(
  bytes: Uint8Array,
  format: Compression,
  budget: DecodeBudget,
): { bytes: Uint8Array; used: number } | undefined {
  const parts: Uint8Array[] = [];
  let used = 0;
  let next: Compression | undefined = format;
  while (next !== undefined && used < bytes.length) {
    if (parts.length === MOST_MEMBERS) {
      budget.refuse("more compressed members than are unpacked");
      return undefined;
    }
    const rest = bytes.subarray(used);
    const one = member(rest, next, budget);
    if (one === undefined) break;
    parts.push(one.bytes);
    used += one.used;
    used += skippableBytes(bytes.subarray(used));
    next = compressionOf(bytes.subarray(used));
  }
  if (parts.length === 0) return undefined;
  return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), used };
}

/** What node:zlib gives with `info`, which its type declarations leave out. */
interface Expanded {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** The first member, and how many bytes it has. node:zlib stops at its end without a word, but for gzip (Deno 2.9). */
function member(
  bytes: Uint8Array,
  format: Compression,
  budget: DecodeBudget,
): { bytes: Uint8Array; used: number } | undefined {
  const maxOutputLength = Math.max(1, Math.min(budget.bytesLeft, 64 * 1024 * 1024));
  let used = bytes.length;
  const out = within(budget, () => {
    const expand = EXPAND[format] as (from: Uint8Array, options: object) => unknown;
    const { buffer, engine } = expand(bytes, { maxOutputLength, info: true }) as Expanded;
    if (format !== "gzip") used = engine.bytesWritten;
    return buffer;
  });
  return out === undefined || used < 1 ? undefined : { bytes: out, used };
}

/** Length of the skippable frames that `bytes` begin with (RFC 8878, section 3.1.2): decoders step over them. */
function skippableBytes(bytes: Uint8Array): number {
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (at + 8 <= bytes.length && (view.getUint32(at, true) & 0xfffffff0) === 0x184d2a50) {
    at = Math.min(bytes.length, at + 8 + view.getUint32(at + 4, true));
  }
  return at;
}

/** Inflates raw deflate of which only the beginning may be there, with anything behind it. */
export function inflatePart(bytes: Uint8Array, budget: DecodeBudget): Uint8Array | undefined {
  const maxOutputLength = Math.max(1, Math.min(budget.bytesLeft, 64 * 1024 * 1024));
  const out = within(
    budget,
    () => inflateRawSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH }),
  );
  return out?.length === 0 ? undefined : out;
}

function within(budget: DecodeBudget, expand: () => Uint8Array): Uint8Array | undefined {
  try {
    const out = expand();
    return budget.take(out.length) ? Buffer.from(out) : undefined;
  } catch (error) {
    if (/larger than|too large|maxOutputLength/i.test(messageOf(error))) {
      budget.refuse("more compressed bytes than are unpacked");
    }
    return undefined;
  }
}

/** The deflate stream of a gzip member (RFC 1952, section 2.3). */
export function gzipData(bytes: Uint8Array): Uint8Array | undefined {
  const flags = bytes[3]!;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const text of [8, 16]) {
    if ((flags & text) === 0) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0) return undefined;
    at = zero + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at < bytes.length ? bytes.subarray(at) : undefined;
}

/** Largest blob that is tried as raw deflate on suspicion, in bytes. */
const SUSPECTED = 16 * 1024;

/** What `bytes` unpack to, by their first bytes, or raw deflate when they are few. */
export function unpack(
  bytes: Uint8Array,
  budget: DecodeBudget,
): { bytes: Uint8Array; format: Compression } | undefined {
  const format = compressionOf(bytes);
  if (format !== undefined) {
    // What stands behind the data and is no member is looked at as it is, with everything around it.
    let out = members(bytes, format, budget)?.bytes;
    if (out === undefined && format === "gzip") {
      // Something behind the data, or a part of it only: lenient readers take what there is.
      const part = gzipData(bytes);
      out = part === undefined ? undefined : inflatePart(part, budget);
    }
    if (out !== undefined) return { bytes: out, format };
  }
  if (bytes.length < 16 || bytes.length > SUSPECTED || !mayBeginDeflate(bytes, true)) {
    return undefined;
  }
  const out = decompress(bytes, "deflate-raw", budget);
  return out !== undefined && out.length >= 8 ? { bytes: out, format: "deflate-raw" } : undefined;
}
