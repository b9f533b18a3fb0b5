import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import {
  bitString,
  der,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  TRUE,
  utf8String,
} from "./der.ts";
import { parseIp } from "./ip_address.ts";

/** A certificate and its private key (PKCS #8), both PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

const DAY = 86_400_000;
/** Clocks of bottle and host may differ by this much, in milliseconds. */
const SKEW = 3_600_000;
const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

/** A certificate authority that can issue leaf certificates. */
export interface Authority {
  readonly certificate: string;
  readonly key: KeyObject;
  readonly name: Buffer;
  readonly keyId: Buffer;
  readonly notAfter: Date;
}

/**
 * Makes the authority of one bottle: EC P-256, path length 0 (RFC 5280 section 4.2.1.9), 90 days.
 *
 * @param commonName shown by clients, for example `bot-bottle CA dev`.
 */
export function createAuthority(commonName: string, now: Date): CertifiedKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const name = distinguishedName(commonName);
  const certificate = signCertificate(privateKey, {
    issuer: name,
    subject: name,
    notBefore: new Date(now.getTime() - SKEW),
    notAfter: new Date(now.getTime() + 90 * DAY),
    spki,
    extensions: [
      extension("2.5.29.19", true, sequence(TRUE, integer(Buffer.from([0])))), // basicConstraints
      extension("2.5.29.15", true, bitString(Buffer.from([0x06]), 1)), // keyCertSign, cRLSign
      extension("2.5.29.14", false, octetString(keyIdentifier(publicKey))),
    ],
  });
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** Reads an authority made by {@linkcode createAuthority}. Throws when key and certificate do not belong together. */
export function loadAuthority({ certificate, key }: CertifiedKey): Authority {
  const x509 = new X509Certificate(certificate);
  const privateKey = createPrivateKey(key);
  const publicKey = createPublicKey(privateKey);
  if (!x509.checkPrivateKey(privateKey)) {
    throw new TypeError("Cannot load CA: the key is not the certificate's");
  }
  const commonName = /^CN=(.*)$/m.exec(x509.subject)?.[1];
  if (commonName === undefined) {
    throw new TypeError("Cannot load CA: the certificate has no common name");
  }
  return {
    certificate,
    key: privateKey,
    name: distinguishedName(commonName),
    keyId: keyIdentifier(publicKey),
    notAfter: new Date(x509.validTo),
  };
}

/** A key pair that leaf certificates are issued for. */
export function createLeafKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/**
 * Issues a server certificate for one host name or address, valid for at most seven days.
 *
 * @param host in normal form.
 */
export function issueLeaf(
  authority: Authority,
  leafKey: KeyObject,
  host: string,
  now: Date,
): CertifiedKey {
  const publicKey = createPublicKey(leafKey);
  const address = parseIp(host);
  const subjectAltName = address === null
    ? der(0x82, Buffer.from(host, "latin1"))
    : der(0x87, address);
  const certificate = signCertificate(authority.key, {
    issuer: authority.name,
    subject: distinguishedName(host.slice(0, 64)), // ub-common-name
    notBefore: new Date(now.getTime() - SKEW),
    notAfter: new Date(Math.min(now.getTime() + 7 * DAY, authority.notAfter.getTime())),
    spki: publicKey.export({ type: "spki", format: "der" }),
    extensions: [
      extension("2.5.29.19", true, sequence()),
      extension("2.5.29.15", true, bitString(Buffer.from([0x80]), 7)), // digitalSignature
      extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))), // serverAuth
      extension("2.5.29.14", false, octetString(keyIdentifier(publicKey))),
      extension("2.5.29.35", false, sequence(der(0x80, authority.keyId))),
      extension("2.5.29.17", false, sequence(subjectAltName)),
    ],
  });
  return { certificate, key: leafKey.export({ type: "pkcs8", format: "pem" }) as string };
}

interface ToBeSigned {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Uint8Array;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280 section 4.1, signed with ECDSA and SHA-256. */
function signCertificate(key: KeyObject, fields: ToBeSigned): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, and never shorter than 16 bytes
  const tbs = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.spki,
    der(0xa3, sequence(...fields.extensions)),
  );
  const signature = sign("sha256", tbs, key);
  return pem("CERTIFICATE", sequence(tbs, ECDSA_SHA256, bitString(signature)));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(oid("2.5.4.3"), utf8String(commonName))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));
}

/** SHA-1 of the public key's bits (RFC 5280 section 4.2.1.2, method 1): an identifier, not a signature. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const { x, y } = publicKey.export({ format: "jwk" }) as { x: string; y: string };
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, "base64url"),
    Buffer.from(y, "base64url"),
  ]);
  return createHash("sha1").update(point).digest();
}

function pem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString("base64").replace(/(.{64})(?!$)/g, "$1\n");
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
