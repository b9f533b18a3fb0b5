import { basename, dirname, join } from "node:path";
import { type ChainHead, type ChainVerdict, ChainVerifier, GENESIS } from "../core/event.ts";

/** The name of the `n`th newest rotated file of a log, from 1. */
export function rotatedPath(path: string, n: number): string {
  return `${path}.${n}`;
}

/** The files of a log that exist, oldest first, the current one last. */
export function logFiles(path: string): string[] {
  const prefix = `${basename(path)}.`;
  const numbers: number[] = [];
  try {
    for (const { name } of Deno.readDirSync(dirname(path))) {
      const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
      if (/^[1-9]\d{0,3}$/.test(rest)) numbers.push(Number(rest));
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const rotated = numbers.sort((a, b) => b - a).map((n) => join(dirname(path), `${prefix}${n}`));
  return exists(path) ? [...rotated, path] : rotated;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The last whole line of a file, undefined when it has none. Files are bounded by rotation, so it is read as one. */
export function lastLine(path: string): string | undefined {
  const text = Deno.readTextFileSync(path);
  const end = text.lastIndexOf("\n");
  if (end < 0) return undefined;
  return text.slice(text.lastIndexOf("\n", end - 1) + 1, end);
}

/** Every whole line of a log in order, over its rotated files. A last line without its newline is not given. */
export function* readEventLines(path: string): Generator<string> {
  for (const file of logFiles(path)) {
    const lines = Deno.readTextFileSync(file).split("\n");
    lines.pop();
    yield* lines;
  }
}

/** What {@linkcode verifyEventLog} found. */
export interface LogVerdict extends ChainVerdict {
  /** `seq` of the oldest event that is kept; more than 1 when older files were rotated away. */
  readonly from: number;
  /** Where the first fault is: a file, and the 1-based line in it. */
  readonly at?: { readonly file: string; readonly line: number };
  /** Bytes after the last whole line: a write that a crash tore. The next start cuts them off and says so. */
  readonly tornBytes: number;
  /** How many times a torn line was cut off before (`log_repaired` events). */
  readonly repairs: number;
}

/**
 * Verifies the chain of a log over all its files.
 *
 * @param kept a head that was noted elsewhere, so that lines missing at the end show.
 */
export function verifyEventLog(path: string, kept?: ChainHead): LogVerdict {
  let verifier: ChainVerifier | undefined;
  let from = 0;
  let repairs = 0;
  const ends: { file: string; lines: number }[] = [];
  for (const file of logFiles(path)) {
    const lines = Deno.readTextFileSync(file).split("\n");
    lines.pop();
    for (const line of lines) {
      if (verifier === undefined) {
        from = seqOf(line);
        verifier = new ChainVerifier(from > 1 ? null : GENESIS, kept);
      }
      verifier.push(line);
      if (line.includes('"type":"log_repaired"')) repairs++;
    }
    ends.push({ file, lines: lines.length });
  }
  const verdict = (verifier ?? new ChainVerifier(GENESIS, kept)).verdict();
  const at = verdict.fault === undefined ? undefined : place(ends, verdict.fault.line, path);
  return {
    ...verdict,
    from,
    ...(at === undefined ? {} : { at }),
    tornBytes: tornBytes(path),
    repairs,
  };
}

/** The file and line that a line number over all files stands for; one behind the end belongs to the last file. */
function place(
  ends: readonly { file: string; lines: number }[],
  line: number,
  path: string,
): { file: string; line: number } {
  let before = 0;
  for (const { file, lines } of ends) {
    if (line <= before + lines) return { file, line: line - before };
    before += lines;
  }
  const last = ends.at(-1);
  return { file: last?.file ?? path, line: line - before + (last?.lines ?? 0) };
}

/** The head of a log that is being written: its last whole line, read from the end of the current file. */
export function currentHead(path: string): ChainHead | undefined {
  const bytes = tail(path);
  const end = bytes?.lastIndexOf(NEWLINE) ?? -1;
  if (bytes === undefined || end < 0) return undefined;
  const start = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
  try {
    const { seq, hash } = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)));
    return typeof seq === "number" && typeof hash === "string" ? { seq, hash } : undefined;
  } catch {
    return undefined; // a line longer than what was read, or no line of a chain: verification says so
  }
}

/** The last bytes of a file; undefined when it is not there. */
function tail(path: string): Uint8Array | undefined {
  try {
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    const bytes = new Uint8Array(Math.min(size, TAIL));
    file.seekSync(size - bytes.length, Deno.SeekMode.Start);
    let read = 0;
    while (read < bytes.length) {
      const count = file.readSync(bytes.subarray(read));
      if (count === null) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const NEWLINE = 0x0a;
/** An event is shorter. */
const TAIL = 256 * 1024;

function seqOf(line: string): number {
  try {
    const { seq } = JSON.parse(line) as { seq?: unknown };
    return typeof seq === "number" ? seq : 0;
  } catch {
    return 0;
  }
}

function tornBytes(path: string): number {
  if (!exists(path)) return 0;
  const bytes = Deno.readFileSync(path);
  return bytes.length - (bytes.lastIndexOf(0x0a) + 1);
}
