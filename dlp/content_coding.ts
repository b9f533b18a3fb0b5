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

/**
 * A body without its content codings (RFC 9110, section 8.4), last applied first.
 *
 * @param header value of Content-Encoding; empty for none.
 * @returns the bytes, or why they cannot be read.
 */
export function withoutContentCoding(
  body: Uint8Array,
  header: string,
): { bytes: Uint8Array } | { refused: string } {
  const codings = header.split(",").map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length > 4) return { refused: "the body has more than four content codings" };
  const budget = new DecodeBudget(defaultLimits(body.length));
  let bytes = body;
  for (const coding of codings.reverse()) {
    const formats = CODINGS[coding];
    if (formats === undefined) {
      return { refused: `the content coding ${JSON.stringify(coding.slice(0, 40))} is not known` };
    }
    let out: Uint8Array | undefined;
    for (const format of formats) out ??= decompress(bytes, format, budget);
    if (out === undefined) {
      return {
        refused: budget.exhausted ?? `the body is not what its content coding ${coding} says`,
      };
    }
    bytes = out;
  }
  return { bytes };
}
