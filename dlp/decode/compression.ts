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

/** Decompresses within the budget; undefined when the bytes are not of that format or the budget is out. */
export function decompress(
  bytes: Uint8Array,
  format: Compression,
  budget: DecodeBudget,
): Uint8Array | undefined {
  const most = Math.max(1, Math.min(budget.bytesLeft, 64 * 1024 * 1024));
  return within(budget, () => EXPAND[format](bytes, { maxOutputLength: most }));
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
    let out = decompress(bytes, format, budget);
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
