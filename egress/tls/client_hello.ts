import { Buffer } from "node:buffer";

/** What a TLS client says before anything is encrypted. */
export interface ClientHello {
  /** The server name (RFC 6066 section 3), or null when there is none. */
  readonly serverName: string | null;
}

/** The bytes are not a ClientHello, or one that no honest client sends. */
export class ClientHelloError extends Error {
  override readonly name = "ClientHelloError";
}

/** A ClientHello with post-quantum key shares and many extensions stays far below this. */
const MAX_BYTES = 64 * 1024;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;

/**
 * Reads a ClientHello (RFC 8446 section 4.1.2) from the first bytes of a connection; it may be spread over
 * several records.
 *
 * @returns null when more bytes are needed.
 * @throws ClientHelloError
 */
export function parseClientHello(bytes: Buffer): ClientHello | null {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) {
    throw new ClientHelloError("the tunnel does not carry TLS");
  }
  if (bytes.length > MAX_BYTES) throw new ClientHelloError("the ClientHello is too large");
  const message = handshakeBytes(bytes);
  if (message.length < 4) return null;
  if (message[0] !== CLIENT_HELLO) {
    throw new ClientHelloError("the first TLS message is not a ClientHello");
  }
  const length = message.readUIntBE(1, 3);
  if (length > MAX_BYTES) throw new ClientHelloError("the ClientHello is too large");
  if (message.length < 4 + length) return null;
  try {
    return parseBody(message.subarray(4, 4 + length));
  } catch (error) {
    if (error instanceof RangeError) throw new ClientHelloError("the ClientHello is cut short");
    throw error;
  }
}

/** The handshake bytes inside the records that have arrived whole or in part. */
function handshakeBytes(bytes: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3) {
      throw new ClientHelloError("the tunnel does not carry TLS");
    }
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) {
      throw new ClientHelloError("a TLS record has an impossible length");
    }
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return concat(parts);
}

function concat(parts: readonly Uint8Array[]): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

function parseBody(body: Buffer): ClientHello {
  let at = 2 + 32; // legacy_version, random
  at += 1 + body.readUInt8(at); // session id
  at += 2 + body.readUInt16BE(at); // cipher suites
  at += 1 + body.readUInt8(at); // compression methods
  if (at === body.length) return { serverName: null };
  const end = at + 2 + body.readUInt16BE(at);
  if (end !== body.length) {
    throw new ClientHelloError("the ClientHello's extensions have a wrong length");
  }
  at += 2;
  let serverName: string | null = null;
  while (at < end) {
    const type = body.readUInt16BE(at);
    const length = body.readUInt16BE(at + 2);
    if (at + 4 + length > end) throw new ClientHelloError("an extension is cut short");
    if (type === SERVER_NAME) {
      if (serverName !== null) throw new ClientHelloError("the ClientHello names two servers");
      serverName = parseServerName(body.subarray(at + 4, at + 4 + length));
    }
    at += 4 + length;
  }
  return { serverName };
}

function parseServerName(extension: Buffer): string {
  const listLength = extension.readUInt16BE(0);
  const type = extension.readUInt8(2);
  const length = extension.readUInt16BE(3);
  if (type !== 0 || listLength !== extension.length - 2 || length !== listLength - 3) {
    throw new ClientHelloError("the ClientHello does not name exactly one server");
  }
  return extension.toString("latin1", 5, 5 + length);
}
