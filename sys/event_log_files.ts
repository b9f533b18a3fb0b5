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
  /** Bytes after the last whole line: a write that a crash tore. The next start cuts them off and says so. */
  readonly tornBytes: number;
  /** How many times a torn line was cut off before (`log_repaired` events). */
  readonly repairs: number;
}

/** Verifies the chain of a log over all its files. */
export function verifyEventLog(path: string): LogVerdict {
  let verifier: ChainVerifier | undefined;
  let from = 0;
  let repairs = 0;
  for (const line of readEventLines(path)) {
    if (verifier === undefined) {
      from = seqOf(line);
      verifier = new ChainVerifier(from > 1 ? null : GENESIS);
    }
    verifier.push(line);
    if (line.includes('"type":"log_repaired"')) repairs++;
  }
  const verdict = (verifier ?? new ChainVerifier(GENESIS satisfies ChainHead)).verdict();
  return { ...verdict, from, tornBytes: tornBytes(path), repairs };
}

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
