/** Why a file of the queue is not read. */
export class UnsafeFile extends Error {
  override readonly name = "UnsafeFile";
}

/** How often a file is opened anew when another took its name in between. */
const TRIES = 3;

/**
 * The bytes of a regular file of at most `limit` bytes; undefined when there is none. A file that is being
 * written gives what is in it by now.
 *
 * @throws UnsafeFile for a symbolic link, a pipe, a folder or a larger file, without opening it. Deno.errors.*
 * when it cannot be read.
 */
export function readSmallFile(path: string, limit: number): Uint8Array | undefined {
  try {
    for (let turn = 0; turn < TRIES; turn++) {
      const bytes = readOnce(path, limit);
      if (bytes !== "exchanged") return bytes;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  throw new UnsafeFile("it is exchanged all the time");
}

function readOnce(path: string, limit: number): Uint8Array | "exchanged" {
  const judged = Deno.lstatSync(path);
  if (judged.isSymlink) throw new UnsafeFile("it is a symbolic link");
  if (!judged.isFile) throw new UnsafeFile("it is not a regular file");
  if (judged.size > limit) throw new UnsafeFile(`it is larger than ${limit} bytes`);
  using file = Deno.openSync(path, { read: true });
  const { ino, dev } = file.statSync();
  if (ino !== judged.ino || dev !== judged.dev) return "exchanged"; // what was judged has to be what is read
  const bytes = new Uint8Array(judged.size);
  let filled = 0;
  while (filled < bytes.length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
