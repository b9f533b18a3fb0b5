/** A container that is looked into, or that cannot be. */
export type ArchiveKind =
  | { readonly open: "zip" | "gzip" | "zlib" | "tar" }
  | { readonly closed: string };

/** Bytes that {@linkcode archiveKind} wants to see. */
export const HEAD_BYTES = 512;

const MAGIC: readonly (readonly [string, ArchiveKind])[] = [
  ["\x1f\x8b\x08", { open: "gzip" }],
  // node:zlib unpacks the first of several frames alone, and damage at the end of one is an error that nobody can catch.
  ["\x28\xb5\x2f\xfd", { closed: "zstd" }],
  ["PACK\0\0\0", { closed: "git pack" }],
  ["# v2 git bundle\n", { closed: "git bundle" }],
  ["# v3 git bundle\n", { closed: "git bundle" }],
  ["\xfd7zXZ\0", { closed: "xz" }],
  ["7z\xbc\xaf\x27\x1c", { closed: "7z" }],
  ["Rar!\x1a\x07", { closed: "rar" }],
  ["\x04\x22\x4d\x18", { closed: "lz4" }],
  ["LZIP\x01", { closed: "lzip" }],
  ["\x1f\x9d", { closed: "compress" }],
  ["MSCF\0\0\0\0", { closed: "cab" }],
];

/**
 * What kind of container bytes are, by the marks that programs go by.
 *
 * @param head the first bytes.
 * @param zip whether a zip entry's mark is anywhere in the bytes: a zip may begin with something else.
 */
export function archiveKind(head: Uint8Array, zip: boolean): ArchiveKind | undefined {
  const text = new TextDecoder("latin1").decode(head);
  const known = MAGIC.find(([mark]) => startsWith(head, mark));
  if (known !== undefined) return known[1];
  if (/^BZh[1-9]1AY&SY/.test(text)) return { closed: "bzip2" };
  if (isTarHeader(head)) return { open: "tar" };
  if (zip) return { open: "zip" };
  // RFC 1950: method 8, window up to 32 KiB, and a check over both bytes.
  const [a = 0, b = 0] = head;
  if ((a & 0x8f) === 8 && ((a << 8) | b) % 31 === 0 && head.length > 16) return { open: "zlib" };
  return undefined;
}

function startsWith(bytes: Uint8Array, mark: string): boolean {
  if (bytes.length < mark.length) return false;
  for (let at = 0; at < mark.length; at++) if (bytes[at] !== mark.charCodeAt(at)) return false;
  return true;
}

/**
 * Whether 512 bytes are the header of a file in a tar (tar(5)): by its checksum, since the oldest format has no mark.
 */
export function isTarHeader(header: Uint8Array): boolean {
  if (header.length < 512 || header[0] === 0) return false;
  const field = new TextDecoder("latin1").decode(header.subarray(148, 156));
  const stated = /^ *([0-7]{1,7})[\0 ]*$/.exec(field)?.[1];
  if (stated === undefined) return false;
  // The checksum's own eight bytes count as spaces.
  let sum = 8 * 32;
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += header[at]!;
  return sum === Number.parseInt(stated, 8);
}
