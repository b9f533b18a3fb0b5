import { DecodeBudget, defaultLimits } from "./decode/budget.ts";
import { type Compression, decompress } from "./decode/compression.ts";

const CODINGS: Readonly<Record<string, readonly Compression[]>> = {
  "gzip": ["gzip"],
  "x-gzip": ["gzip"],
  // RFC 9110 section 8.4.1.2 means zlib; many send raw deflate.
  "deflate": ["deflate", "deflate-raw"],
  "br": ["br"],
  "zstd": ["zstd"],
};

/** Most bytes of Brotli that stand for nothing. */
const EMPTY_BROTLI = 4;

/**
 * A body without its content codings (RFC 9110, section 8.4), last applied first.
 *
 * @param header value of Content-Encoding; empty for none.
 * @param most bytes that it may decode to; as many as {@linkcode defaultLimits} allow unless given.
 * @returns the bytes, or why they cannot be read: `tooLarge` when they are more than `most`.
 */
export function withoutContentCoding(
  body: Uint8Array,
  header: string,
  most = defaultLimits(body.length).bytes,
): { bytes: Uint8Array } | { refused: string; tooLarge: boolean } {
  const codings = header.split(",").map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0 || body.length === 0) return { bytes: body };
  if (codings.length > 4) {
    return { refused: "the body has more than four content codings", tooLarge: false };
  }
  let bytes = body;
  for (const coding of codings.reverse()) {
    const formats = Object.hasOwn(CODINGS, coding) ? CODINGS[coding] : undefined;
    if (formats === undefined) {
      return { refused: "the body has a content coding that is not known", tooLarge: false };
    }
    const budget = new DecodeBudget({ ...defaultLimits(0), bytes: most });
    let out: Uint8Array | undefined;
    for (const format of formats) out ??= decompress(bytes, format, budget);
    // The Brotli decoder calls what is no Brotli at all an empty text (Deno 2.9).
    if (out === undefined || (coding === "br" && out.length === 0 && bytes.length > EMPTY_BROTLI)) {
      return budget.exhausted === undefined
        ? {
          refused: `the body is not what its content coding ${coding} says`,
          tooLarge: false,
        }
        : { refused: `the body decodes to more than ${most} bytes`, tooLarge: true };
    }
    bytes = out;
  }
  return { bytes };
}
