/** Marks at the start of data that cannot be looked into, and what they announce. */
const MARKS: readonly (readonly [name: string, mark: readonly number[]])[] = [
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ["RAR", [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
  ["LZ4", [0x04, 0x22, 0x4d, 0x18]],
  ["OpenSSL encryption", [...new TextEncoder().encode("Salted__")]],
  ["age encryption", [...new TextEncoder().encode("age-encryption.org/v1")]],
  ["age encryption", [...new TextEncoder().encode("-----BEGIN AGE ENCRYPTED FILE-----")]],
  ["PGP encryption", [...new TextEncoder().encode("-----BEGIN PGP MESSAGE-----")]],
];

/** The kind of packed or encrypted data that `bytes` begin as and no decoder here reads; undefined for none. */
export function opaqueKind(bytes: Uint8Array): string | undefined {
  const found = MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  // "BZh" is followed by the block size and the mark of a block or of the end.
  if (
    found?.[0] === "bzip2" &&
    !(bytes[3]! >= 0x31 && bytes[3]! <= 0x39 && [0x31, 0x17].includes(bytes[4]!))
  ) {
    return undefined;
  }
  return found?.[0];
}
