import { Buffer } from "node:buffer";
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import type { DecodeBudget } from "./budget.ts";

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
  try {
    const out = EXPAND[format](bytes, { maxOutputLength: most });
    return budget.take(out.length) ? Buffer.from(out) : undefined;
  } catch (error) {
    if (/larger than|too large|maxOutputLength/i.test(messageOf(error))) {
      budget.refuse("more compressed bytes than are unpacked");
    }
    return undefined;
  }
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
    const out = decompress(bytes, format, budget);
    if (out !== undefined) return { bytes: out, format };
  }
  if (bytes.length < 16 || bytes.length > SUSPECTED) return undefined;
  const out = decompress(bytes, "deflate-raw", budget);
  return out !== undefined && out.length >= 8 ? { bytes: out, format: "deflate-raw" } : undefined;
}
