import { Readable } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";
import { ByteReader } from "../http/byte_reader.ts";
import { type ArchiveKind, isTarHeader } from "./archive_kind.ts";
import { zipParts } from "./zip_parts.ts";

/** One file of an archive. */
export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Whether the archive holds the bytes as they are, so that they were seen when it was looked at. */
  readonly plain: boolean;
}

/** An archive, or a part of it, that cannot be looked into. */
export class ArchiveFault extends Error {
  override readonly name = "ArchiveFault";
}

type OpenKind = Extract<ArchiveKind, { open: unknown }>["open"];

/** The files of the archive at `path`; each entry's bytes must be read before the next. @throws ArchiveFault */
export async function* archiveEntries(
  path: string,
  kind: OpenKind,
): AsyncGenerator<ArchiveEntry> {
  switch (kind) {
    case "gzip":
      yield { name: "", bytes: unpacked(fileBytes(path), createGunzip(), "gzip"), plain: false };
      return;
    case "zlib":
      // Two bytes are a weak mark: what is no zlib data after all is nothing that could be unpacked.
      yield {
        name: "",
        bytes: lenient(unpacked(fileBytes(path, 2), createInflateRaw(), "zlib")),
        plain: false,
      };
      return;
    case "zip":
      for await (const { name, start, end, stored } of zipParts(path)) {
        const bytes = fileBytes(path, start, end);
        yield stored
          ? { name, bytes, plain: true }
          : { name, bytes: unpacked(bytes, createInflateRaw(), "zip"), plain: false };
      }
      return;
    case "tar":
      yield* tarEntries(path);
  }
}

type Unpacker = ReturnType<typeof createGunzip | typeof createInflateRaw>;

async function* unpacked(
  packed: AsyncIterable<Uint8Array>,
  unpacker: Unpacker,
  kind: string,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed);
  source.on("error", (error) => unpacker.destroy(error));
  try {
    for await (const chunk of source.pipe(unpacker)) yield chunk as Uint8Array;
  } catch (error) {
    if (
      (error as { code?: string }).code?.startsWith("Z_") ||
      /zlib|header|data|unexpected end/i.test(String(error))
    ) {
      throw new ArchiveFault(`its ${kind} data is damaged`);
    }
    throw error;
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

async function* lenient(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (!(error instanceof ArchiveFault)) throw error;
  }
}

async function* fileBytes(
  path: string,
  start = 0,
  end = Infinity,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  for (let left = end - start; left > 0;) {
    const buffer = new Uint8Array(Math.min(left, 64 * 1024));
    const count = await file.read(buffer);
    if (count === null) return;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

const BLOCK = 512;

/** The files of a tar archive (pax and ustar, tar(5)); it ends with an empty header, or when the bytes do. */
async function* tarEntries(path: string): AsyncGenerator<ArchiveEntry> {
  const pulled = fileBytes(path);
  const reader = new ByteReader(async () => (await pulled.next()).value ?? null);
  try {
    for (;;) {
      if (await reader.atEnd()) return;
      let header: Uint8Array;
      try {
        header = await reader.exactly(BLOCK);
      } catch {
        return;
      }
      const text = new TextDecoder("latin1").decode(header);
      // Programs stop at two empty blocks or go on behind them; what follows is looked at either way.
      if (!isTarHeader(header)) continue;
      const size = tarSize(header);
      if (size === undefined) throw new ArchiveFault("its tar header is damaged");
      let left = size;
      const body = async function* () {
        while (left > 0) {
          const part = await reader.some(left);
          if (part === null) return;
          left -= part.length;
          yield part;
        }
      };
      yield { name: text.slice(0, 100).replace(/\0.*$/s, ""), bytes: body(), plain: true };
      for (left += (BLOCK - size % BLOCK) % BLOCK; left > 0;) {
        const part = await reader.some(left);
        if (part === null) return;
        left -= part.length;
      }
    }
  } finally {
    await pulled.return(undefined);
  }
}

/** The size in a tar header: octal digits, or a binary number for large files. */
function tarSize(header: Uint8Array): number | undefined {
  const field = header.subarray(124, 136);
  if (field[0] === 0x80) {
    const size = field.subarray(4).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(size) ? size : undefined;
  }
  const digits = new TextDecoder("latin1").decode(field).replace(/[\0 ]+$/, "").trim();
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || "0", 8) : undefined;
}
