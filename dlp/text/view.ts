import { Buffer } from "node:buffer";
import { type Run, type Survey, survey } from "./survey.ts";

/** Bytes to look at and where they come from. */
export interface View {
  readonly bytes: Uint8Array;
  /** One character per byte, so that offsets of text and bytes are the same. */
  readonly text: string;
  /** Differences of bytes, for values that were changed by one key: not text. */
  readonly difference?: true;
  /** Decoders applied so far, outermost first. */
  readonly via: readonly string[];
  /** Where encoded parts may lie, looked for once. */
  readonly survey: Survey;
  /** Long runs of Base64 characters. */
  readonly runs: readonly Run[];
  /** Original byte range of the bytes from `start` to `end` of this view. */
  origin(start: number, end: number): { start: number; end: number };
}

/** The original input as a view. */
export function rawView(bytes: Uint8Array, base = 0): View {
  return new ByteView(bytes, [], (start, end) => ({ start: base + start, end: base + end }));
}

/** What a decoder made of the bytes from `start` to `end` of `parent`: every offset maps to that whole range. */
export function decodedView(
  parent: View,
  start: number,
  end: number,
  bytes: Uint8Array,
  decoder: string,
): View {
  return new ByteView(bytes, [...parent.via, decoder], () => parent.origin(start, end));
}

/**
 * A rewritten form of `parent` that keeps offsets.
 *
 * @param offsets for each byte of `bytes` the offset in the parent it came from, and one more for the end; asked for
 * when something was found: they take four times the memory of the bytes.
 */
export function mappedView(
  parent: View,
  bytes: Uint8Array,
  offsets: Uint32Array | (() => Uint32Array),
  decoder: string,
): View {
  let known = typeof offsets === "function" ? undefined : offsets;
  return new ByteView(bytes, [...parent.via, decoder], (start, end) => {
    const from = known ??= typeof offsets === "function" ? offsets() : offsets;
    return parent.origin(from[start]!, end > start ? from[end - 1]! + 1 : from[start]!);
  });
}

/**
 * How each byte of `bytes`, decoded from what lies from `start` to `end` of `parent`, differs from the next one: a key
 * of one byte that all of them were changed by cancels out.
 */
export function differenceView(
  parent: View,
  start: number,
  end: number,
  bytes: Uint8Array,
): View {
  const range = parent.origin(start, end);
  const view = new ByteView(differences(bytes), [...parent.via, "base64", "xor"], () => range);
  return Object.assign(view, { difference: true as const });
}

/** XOR of each byte and the next one. */
export function differences(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(0, bytes.length - 1));
  for (let at = 0; at < out.length; at++) out[at] = bytes[at]! ^ bytes[at + 1]!;
  return out;
}

class ByteView implements View {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly via: readonly string[];
  readonly origin: View["origin"];
  #survey: Survey | undefined;

  constructor(bytes: Uint8Array, via: readonly string[], origin: View["origin"]) {
    this.bytes = bytes;
    this.text = latin1(bytes);
    this.via = via;
    this.origin = origin;
  }

  get survey(): Survey {
    return this.#survey ??= survey(this.bytes);
  }

  get runs(): readonly Run[] {
    return this.survey.runs;
  }
}

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
