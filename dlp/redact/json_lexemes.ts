/** 1 for the bytes that stand for themselves inside a string. */
const ORDINARY = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);

/** The offset after the string whose opening quote is at `at`; -1 when it is not one. Its bytes need not be UTF-8. */
export function stringEnd(bytes: Uint8Array, at: number, to: number): number {
  for (let index = at + 1; index < to; index++) {
    const byte = bytes[index]!;
    if (ORDINARY[byte] === 1) continue;
    if (byte === 0x22) return index + 1;
    if (byte < 0x20) return -1;
    const kind = bytes[++index];
    if (index >= to || kind === undefined) return -1;
    if (kind === 0x75) {
      for (let digits = 0; digits < 4; digits++) {
        if (++index >= to || !isHexDigit(bytes[index]!)) return -1;
      }
    } else if (!isShortEscape(kind)) return -1;
  }
  return -1;
}

/** The offset after the number at `at` (RFC 8259, section 6); -1 when it is not one. */
export function numberEnd(bytes: Uint8Array, at: number, to: number): number {
  let index = at;
  const digits = () => {
    const start = index;
    while (index < to && bytes[index]! >= 0x30 && bytes[index]! <= 0x39) index++;
    return index - start;
  };
  if (bytes[index] === 0x2d) index++;
  const zero = bytes[index] === 0x30;
  const whole = digits();
  if (whole === 0 || (zero && whole > 1)) return -1;
  if (index < to && bytes[index] === 0x2e) {
    index++;
    if (digits() === 0) return -1;
  }
  if (index < to && (bytes[index]! | 0x20) === 0x65) {
    index++;
    if (bytes[index] === 0x2b || bytes[index] === 0x2d) index++;
    if (digits() === 0) return -1;
  }
  return index;
}

const WORDS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

/** The offset after `true`, `false` or `null` at `at`; -1 for anything else. */
export function wordEnd(bytes: Uint8Array, at: number, to: number): number {
  for (const word of WORDS) {
    if (at + word.length <= to && word.every((byte, index) => bytes[at + index] === byte)) {
      return at + word.length;
    }
  }
  return -1;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** One of `"\/bfnrt`. */
function isShortEscape(byte: number): boolean {
  return byte === 0x22 || byte === 0x5c || byte === 0x2f || byte === 0x62 || byte === 0x66 ||
    byte === 0x6e || byte === 0x72 || byte === 0x74;
}
