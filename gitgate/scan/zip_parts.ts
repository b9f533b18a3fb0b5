import { Buffer } from "node:buffer";
import { ArchiveFault } from "./archive_entries.ts";
import { archiveKind, HEAD_BYTES } from "./archive_kind.ts";

/** A file in a zip. */
export interface ZipPart {
  readonly name: string;
  /** First byte of its data. */
  readonly start: number;
  /** Behind its last byte; for deflated data that is for inflating to find out. */
  readonly end: number;
  /** Whether the data lies there as it is, and is an archive itself. */
  readonly stored: boolean;
}

/** Mark of a file's local header (APPNOTE 4.3.7). */
export const ZIP_MARK = Buffer.from("PK\x03\x04", "latin1");
const HEADER = 30;
const WINDOW = 256 * 1024;
/** Methods that APPNOTE 4.4.5 names. */
const METHODS: ReadonlySet<number> = new Set([
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  8,
  9,
  10,
  12,
  14,
  16,
  18,
  19,
  20,
  93,
  94,
  95,
  96,
  97,
  98,
  99,
]);

/**
 * Every deflated file of a zip, and every stored one that is an archive, found by the local headers themselves and not
 * by the directory at the end, which an attacker may leave incomplete. Other stored files lie there as they are.
 *
 * @throws ArchiveFault for one that is encrypted or compressed in another way.
 */
export async function* zipParts(path: string): AsyncGenerator<ZipPart> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  for (let from = 0; from < size;) {
    const bytes = await bytesAt(file, from, WINDOW);
    const at = bytes.indexOf(ZIP_MARK);
    if (at < 0) {
      from += Math.max(1, bytes.length - ZIP_MARK.length + 1);
      if (bytes.length < WINDOW) return;
      continue;
    }
    const part = await partAt(file, from + at, size);
    from += at + ZIP_MARK.length;
    if (part !== undefined) yield part;
  }
}

async function partAt(file: Deno.FsFile, at: number, size: number): Promise<ZipPart | undefined> {
  const header = await bytesAt(file, at, HEADER);
  if (header.length < HEADER) return undefined;
  const [version, flags, method] = [header[4]!, header.readUInt16LE(6), header.readUInt16LE(8)];
  const [nameLength, extraLength] = [header.readUInt16LE(26), header.readUInt16LE(28)];
  const start = at + HEADER + nameLength + extraLength;
  // Four bytes may be there by chance; a header is more than its mark.
  if (
    version > 63 || !METHODS.has(method) || nameLength === 0 || nameLength > 4096 || start > size
  ) {
    return undefined;
  }
  if ((flags & 1) !== 0) throw new ArchiveFault("it is encrypted");
  let end = size;
  if (method === 0) {
    // A zip's own files are found by their headers like those of the outer one.
    const kind = archiveKind(await bytesAt(file, start, HEAD_BYTES), false);
    if (kind === undefined) return undefined;
    const stated = start + header.readUInt32LE(18);
    // A header may lie: its size counts when a zip goes on there. What is cut short by that is damaged, and refused.
    if ((await bytesAt(file, stated, 2)).equals(ZIP_MARK.subarray(0, 2))) end = stated;
  } else if (method !== 8) throw new ArchiveFault(`it is compressed by zip method ${method}`);
  const name = await bytesAt(file, at + HEADER, nameLength);
  return { name: name.toString("utf8"), start, end, stored: method === 0 };
}

async function bytesAt(file: Deno.FsFile, at: number, count: number): Promise<Buffer> {
  const buffer = Buffer.alloc(count);
  await file.seek(at, Deno.SeekMode.Start);
  let length = 0;
  while (length < count) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}
