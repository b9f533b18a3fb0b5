import { Buffer } from "node:buffer";

/** What a hand-made ClientHello says. */
export interface HelloOptions {
  /** One server_name extension for each list, naming each of its names. */
  readonly serverNames?: readonly (readonly string[])[];
  /** Highest version that is offered: TLS 1.0 is 0x0301. Newer than 1.2 goes into an extension. */
  readonly version?: number;
}

const vector = (lengthBytes: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([length, body]);
};

const u16 = (...values: readonly number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));

const extension = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([u16(type), vector(2, body)]);

/** A ClientHello message (RFC 8446 section 4.1.2), without the record around it. */
export function clientHello({ serverNames = [], version = 0x0303 }: HelloOptions = {}): Buffer {
  const extensions = serverNames.map((names) =>
    extension(
      0,
      vector(
        2,
        ...names.map((name) => Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))])),
      ),
    )
  );
  extensions.push(extension(10, vector(2, u16(29, 23)))); // supported_groups
  extensions.push(extension(11, vector(1, Buffer.from([0])))); // ec_point_formats
  extensions.push(extension(13, vector(2, u16(0x0403, 0x0804, 0x0401)))); // signature_algorithms
  if (version > 0x0303) extensions.push(extension(43, vector(1, u16(version))));
  const body = Buffer.concat([
    u16(Math.min(version, 0x0303)),
    Buffer.alloc(32, 7), // random
    vector(1),
    vector(2, u16(0x1301, 0xc02b, 0xc02f, 0xc009, 0x002f)),
    vector(1, Buffer.from([0])),
    vector(2, ...extensions),
  ]);
  return Buffer.concat([Buffer.from([1]), vector(3, body)]);
}

/** A handshake message in records of at most `size` bytes. */
export function records(message: Uint8Array, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(Buffer.concat([
      Buffer.from([22, 3, 1]),
      vector(2, message.subarray(at, at + size)),
    ]));
  }
  return Buffer.concat(parts);
}
