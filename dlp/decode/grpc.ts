/** Where a message of a gRPC body lies. */
export interface GrpcMessage {
  readonly start: number;
  readonly end: number;
}

const PREFIX = 5;
/** Nothing compressed is shorter, in bytes; what says so is copied as it is. */
const LEAST_COMPRESSED = 8;
/** Messages of up to this many bytes are copied byte by byte: a view of each would cost more. */
const SHORT = 64;

/**
 * The messages, joined, of a body that is length-prefixed messages from its first byte to its last (gRPC over HTTP2,
 * "Length-Prefixed-Message"); undefined when it is not. A value may be split over them.
 *
 * @param unpack gives what a compressed message holds; it is left out when that is undefined.
 */
export function joinedMessages(
  bytes: Uint8Array,
  unpack: (message: GrpcMessage) => Uint8Array | undefined,
): Uint8Array | undefined {
  // Nothing is kept of plain ones here: millions of empty messages fit into a body.
  const compressed: GrpcMessage[] = [];
  let size = 0;
  for (let at = 0; at < bytes.length;) {
    if (at + PREFIX > bytes.length || bytes[at]! > 1) return undefined;
    const start = at + PREFIX;
    const end = start + lengthAt(bytes, at + 1);
    if (end > bytes.length) return undefined;
    if (bytes[at] === 1 && end - start >= LEAST_COMPRESSED) compressed.push({ start, end });
    else size += end - start;
    at = end;
  }
  if (bytes.length === 0) return undefined;
  const unpacked = compressed.map(unpack);
  const joined = new Uint8Array(
    unpacked.reduce((sum, message) => sum + (message?.length ?? 0), size),
  );
  let filled = 0;
  let next = 0;
  for (let at = 0; at < bytes.length;) {
    const start = at + PREFIX;
    const end = start + lengthAt(bytes, at + 1);
    if (bytes[at] === 1 && end - start >= LEAST_COMPRESSED) {
      const message = unpacked[next++];
      if (message !== undefined) {
        joined.set(message, filled);
        filled += message.length;
      }
    } else if (end - start > SHORT) {
      joined.set(bytes.subarray(start, end), filled);
      filled += end - start;
    } else for (let from = start; from < end;) joined[filled++] = bytes[from++]!;
    at = end;
  }
  return joined;
}

/** The length in network byte order at `at`. */
function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + (bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!);
}
