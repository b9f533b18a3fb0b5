import { Buffer } from "node:buffer";
import { createHash, generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** A key pair for ssh. */
export interface DeployKeyPair {
  /** One line for an authorized_keys file, comment included. */
  readonly publicKey: string;
  /** `SHA256:…` as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** A file for `ssh -i`, without a passphrase. The holder overwrites it after use. */
  readonly privateKey: Uint8Array;
}

const TYPE = "ssh-ed25519";
const MAGIC = Buffer.from("openssh-key-v1\0", "latin1");
/** Block size that OpenSSH pads to when there is no cipher. */
const BLOCK = 8;

/**
 * Makes an Ed25519 key pair in OpenSSH's own file format (PROTOCOL.key of openssh-portable; public half RFC 8709).
 *
 * @param comment printable ASCII; it ends up on the forge.
 */
export async function generateDeployKeyPair(comment: string): Promise<DeployKeyPair> {
  if (!/^[\x20-\x7e]*$/.test(comment)) throw new TypeError("Cannot use the comment: not ASCII");
  const pair = await promisify(generateKeyPair)("ed25519");
  const jwk = pair.privateKey.export({ format: "jwk" });
  const point = Buffer.from(jwk.x!, "base64url");
  const seed = Buffer.from(jwk.d!, "base64url");
  const publicBlob = Buffer.concat([field(TYPE), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field(TYPE),
    field(point),
    uint32(64),
    seed,
    point,
    field(comment),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (BLOCK - secret.length % BLOCK) % BLOCK }, (_, at) => at + 1),
  );
  const file = Buffer.concat([
    MAGIC,
    field("none"), // cipher
    field("none"), // key derivation
    field(""),
    uint32(1), // keys
    field(publicBlob),
    uint32(secret.length + padding.length),
    secret,
    padding,
  ]);
  const digest = createHash("sha256").update(publicBlob).digest("base64").replace(/=+$/, "");
  try {
    return {
      publicKey: `${TYPE} ${publicBlob.toString("base64")}${comment === "" ? "" : ` ${comment}`}`,
      fingerprint: `SHA256:${digest}`,
      privateKey: armour(file),
    };
  } finally {
    for (const bytes of [seed, secret, file]) bytes.fill(0);
  }
}

/** A string of RFC 4251 section 5: length and bytes. */
function field(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Lines of 70 characters, as ssh-keygen writes them. */
function armour(file: Buffer): Uint8Array {
  const label = "OPENSSH PRIVATE KEY";
  const lines = file.toString("base64").replace(/(.{70})(?!$)/g, "$1\n");
  return Buffer.from(`-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`, "latin1");
}
