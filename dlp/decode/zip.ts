import type { View } from "../text/view.ts";

/** A file of a ZIP archive that is not stored as it is. */
export interface ZipEntry {
  readonly start: number;
  readonly end: number;
  /** Compression method (APPNOTE 4.4.5). */
  readonly method: number;
  readonly encrypted: boolean;
}

const LOCAL_HEADER = "PK\x03\x04";
const HEADER_SIZE = 30;
const ENCRYPTED = 1;
/** The size is only told behind the data. */
const STREAMED = 8;

/**
 * The packed entries of ZIP archives anywhere in a view, by their local headers: the central directory may name
 * others than those that a lenient reader takes (APPNOTE.TXT, sections 4.3.7 and 4.4). Stored entries are seen as they
 * are.
 */
export function* zipEntries({ bytes, text }: View): Generator<ZipEntry> {
  for (let at = text.indexOf(LOCAL_HEADER); at >= 0; at = text.indexOf(LOCAL_HEADER, at + 4)) {
    if (at + HEADER_SIZE > bytes.length) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const flags = view.getUint16(6, true);
    const method = view.getUint16(8, true);
    const size = view.getUint32(18, true);
    const start = at + HEADER_SIZE + view.getUint16(26, true) + view.getUint16(28, true);
    const encrypted = (flags & ENCRYPTED) !== 0;
    if (start >= bytes.length || (method === 0 && !encrypted)) continue;
    const told = (flags & STREAMED) === 0 && size > 0 && size !== 0xffffffff;
    yield {
      start,
      end: told ? Math.min(bytes.length, start + size) : bytes.length,
      method,
      encrypted,
    };
  }
}
