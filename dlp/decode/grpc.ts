/** A message of a gRPC body. */
export interface GrpcMessage {
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

const PREFIX = 5;

/**
 * The messages of a body that is length-prefixed messages from its first byte to its last (gRPC over HTTP2, "Length-
 * Prefixed-Message"); undefined when it is not.
 */
export function grpcMessages(bytes: Uint8Array): GrpcMessage[] | undefined {
  const messages: GrpcMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + PREFIX > bytes.length || bytes[at]! > 1) return undefined;
    const size = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(1);
    const start = at + PREFIX;
    if (start + size > bytes.length) return undefined;
    messages.push({ start, end: start + size, compressed: bytes[at] === 1 });
    at = start + size;
  }
  return messages.length === 0 ? undefined : messages;
}
