/** Longest code of the code lengths, and the sum that a complete code of them has (RFC 1951, section 3.2.7). */
const LONGEST = 7;
const COMPLETE = 1 << LONGEST;
/** Order of the block types. */
const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;

/**
 * Whether `bytes` may begin a raw deflate stream: a cheap look at the first block (RFC 1951, section 3.2), since trying
 * to inflate costs a tenth of a millisecond.
 *
 * @param text the stream is one block of text, as that of a short value is.
 */
export function mayBeginDeflate(bytes: Uint8Array, text: boolean): boolean {
  if (bytes.length < 4) return false;
  const first = bytes[0]!;
  if (text && (first & 1) === 0) return false;
  switch ((first >> 1) & 3) {
    case STORED: {
      const size = bytes[1]! | bytes[2]! << 8;
      return bytes.length > 4 && (size ^ (bytes[3]! | bytes[4]! << 8)) === 0xffff;
    }
    case FIXED:
      return !text || isTextLiteral(bytes);
    case DYNAMIC:
      return hasCompleteCode(bytes);
    default:
      return false;
  }
}

/** Bit number `index` of the stream, counted from the lowest one of its first byte. */
function bit(bytes: Uint8Array, index: number): number {
  return (bytes[index >> 3]! >> (index & 7)) & 1;
}

/** Whether the first symbol of a fixed block is a character of text: eight bits, highest first, 48 more than it. */
function isTextLiteral(bytes: Uint8Array): boolean {
  let code = 0;
  for (let index = 3; index < 11; index++) code = code << 1 | bit(bytes, index);
  const character = code - 0x30;
  return (character >= 0x20 && character < 0x7f) || (character >= 0x09 && character <= 0x0d);
}

/** Whether the code lengths of a dynamic block make up a code. */
function hasCompleteCode(bytes: Uint8Array): boolean {
  const field = (from: number, bits: number) => {
    let value = 0;
    for (let index = bits - 1; index >= 0; index--) value = value << 1 | bit(bytes, from + index);
    return value;
  };
  const count = field(13, 4) + 4;
  if (field(3, 5) > 29 || (17 + count * 3) > bytes.length * 8) return false;
  let sum = 0;
  for (let index = 0; index < count; index++) {
    const length = field(17 + index * 3, 3);
    if (length > 0) sum += 1 << (LONGEST - length);
  }
  return sum === COMPLETE;
}
