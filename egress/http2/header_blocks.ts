import { Buffer } from "node:buffer";
import { MAX_FIELDS, MAX_HEAD_BYTES } from "../http1/head_scanner.ts";
import { Flag, type Frame, FrameType, withoutPadding } from "./frame.ts";
import { type DecodedBlock, HpackDecoder } from "./hpack_decoder.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** CONTINUATION frames of one header block (CVE-2024-27316); a block of the largest size needs four. */
const MAX_CONTINUATIONS = 16;
/** As many as in HTTP/1.1, where method, scheme and path are no fields. */
const FIELD_LIMITS = { fields: MAX_FIELDS + 3, bytes: MAX_HEAD_BYTES };

/** The fields that one HEADERS frame, with those that continue it, brings to a stream. */
export interface HeaderBlock extends DecodedBlock {
  readonly stream: number;
  /** Whether nothing comes after it. */
  readonly ends: boolean;
}

interface PartialBlock {
  readonly stream: number;
  readonly flags: number;
  readonly parts: Buffer[];
  size: number;
}

/**
 * Puts the header blocks of one connection together (RFC 9113 section 4.3). Every one is decoded, also of a stream
 * that is closed.
 */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  #partial: PartialBlock | undefined;

  /** Whether the next frame has to be a CONTINUATION. */
  get partial(): boolean {
    return this.#partial !== undefined;
  }

  /**
   * Takes a HEADERS frame.
   *
   * @returns the block, or undefined when more of it has to come.
   * @throws ConnectionError
   */
  begin(frame: Frame): HeaderBlock | undefined {
    const { stream, flags } = frame;
    let payload = withoutPadding(frame);
    if ((flags & Flag.priority) !== 0) {
      if (payload.length < 5) {
        throw new ConnectionError(ErrorCode.frameSize, "a HEADERS frame holds half a priority");
      }
      payload = payload.subarray(5);
    }
    const block = { stream, flags, parts: [payload], size: payload.length };
    if ((flags & Flag.endHeaders) !== 0) return this.#decode(block);
    this.#partial = block;
    return undefined;
  }

  /** Takes whatever frame comes after an unfinished block; as {@linkcode begin}. */
  proceed({ type, flags, stream, payload }: Frame): HeaderBlock | undefined {
    const block = this.#partial;
    if (block === undefined || type !== FrameType.continuation || stream !== block.stream) {
      throw new ConnectionError(ErrorCode.protocol, "a header block is interrupted");
    }
    block.parts.push(payload);
    block.size += payload.length;
    if (block.size > MAX_HEAD_BYTES || block.parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "a header block is too large");
    }
    if ((flags & Flag.endHeaders) === 0) return undefined;
    this.#partial = undefined;
    return this.#decode(block);
  }

  #decode({ stream, flags, parts }: PartialBlock): HeaderBlock {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const ends = (flags & Flag.endStream) !== 0;
    return { stream, ends, ...this.#decoder.decode(bytes, FIELD_LIMITS) };
  }
}
