import { Buffer } from "node:buffer";

/** Letters of both cases or with digits: a word or a path is not worth decoding. */
export function looksEncoded(text: string): boolean {
  return text.length >= 40 || /^[0-9a-fA-F]+$/.test(text) ||
    /[A-Z]/.test(text) && /[a-z]/.test(text) && /[0-9+_=-]/.test(text);
}

/** Characters at the start of a run that tell what it may be. */
export const HEAD = 64;

/** Decodes a run at the alignment (characters skipped at its start) at which the bytes are text or are compressed. */
export function decodeRun(
  text: string,
  accepts: (bytes: Uint8Array) => boolean,
): { bytes: Uint8Array; skipped: number } | undefined {
  const clean = text.replace(/\\[rn]|[\r\n]/g, "");
  for (let skipped = 0; skipped < 4; skipped++) {
    const head = Buffer.from(clean.slice(skipped, skipped + HEAD), "base64");
    if (!accepts(head)) continue;
    return { bytes: Buffer.from(clean.slice(skipped), "base64"), skipped };
  }
  return undefined;
}
