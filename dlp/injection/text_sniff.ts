/** Bytes that are looked at in each place. */
const SAMPLE = 512;

/** Whether a byte stands in no text: control characters other than white space, backspace and escape. */
export function isBinaryByte(byte: number): boolean {
  return byte < 0x20 ? byte < 0x08 || (byte > 0x0d && byte !== 0x1b) : byte === 0x7f;
}

/**
 * Whether bytes are the beginning of something else than text: control characters among the first 512, or more than
 * a few that are not UTF-8. UTF-16 with its mark is text.
 */
export function looksBinary(bytes: Uint8Array): boolean {
  return !beginsWide(bytes) && sampleLooksBinary(bytes, 0);
}

/** Whether bytes begin with the mark of UTF-16, of whose ASCII every second byte is zero. */
export function beginsWide(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** Whether a piece of a stream that may be text is none, by three samples: an installer goes on in an archive. */
export function pieceLooksBinary(bytes: Uint8Array): boolean {
  return sampleLooksBinary(bytes, 0) &&
    (bytes.length <= SAMPLE ||
      (sampleLooksBinary(bytes, (bytes.length - SAMPLE) >> 1) &&
        sampleLooksBinary(bytes, bytes.length - SAMPLE)));
}

function sampleLooksBinary(bytes: Uint8Array, from: number): boolean {
  const to = Math.min(bytes.length, from + SAMPLE);
  let controls = 0;
  let broken = 0;
  for (let at = from; at < to;) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      if (isBinaryByte(byte)) controls++;
      at++;
      continue;
    }
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    let length = 1;
    while (length < size && at + length < to && (bytes[at + length]! & 0xc0) === 0x80) length++;
    if (byte < 0xc2 || byte > 0xf4 || (length < size && at + length < to)) broken++;
    at += length;
  }
  // Legacy encodings of text are not UTF-8 either, but have no control characters.
  return controls > 0 && (controls > 3 || broken > 0 || to - from < SAMPLE / 4) ||
    broken * 3 > to - from;
}
