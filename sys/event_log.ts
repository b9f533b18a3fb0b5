import { dirname } from "node:path";
import type { Clock } from "../core/clock.ts";
import { BottleError, messageOf } from "../core/errors.ts";
import {
  type ChainedEvent,
  chainEvent,
  type ChainHead,
  ChainVerifier,
  type EventFields,
  GENESIS,
} from "../core/event.ts";
import { writeFully } from "./atomic_file.ts";
import { lastLine, logFiles, rotatedPath } from "./event_log_files.ts";

/** How an {@linkcode EventLog} keeps its files. */
export interface EventLogOptions {
  readonly clock: Clock;
  /** Bytes after which a new file is begun; 16 MiB unless given. */
  readonly maxBytes?: number;
  /** Files that are kept, the current one included; the oldest is removed. 8 unless given. */
  readonly maxFiles?: number;
}

const NEWLINE = 0x0a;

/**
 * The one writer of a hash-chained, append-only log: `events.jsonl`, and `events.jsonl.1` (newest) to
 * `events.jsonl.N` (oldest) beside it. The chain goes on over rotation and over a restart.
 *
 * Each line is one `write` on a file opened for appending, so only a crash of the machine or a full disk can
 * tear a line. A torn last line is cut off at the next start and the event `log_repaired` says how many bytes went.
 */
export class EventLog implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #lock: Deno.FsFile;
  #file: Deno.FsFile;
  #size: number;
  #head: ChainHead;
  #broken: string | undefined;
  #closed = false;

  private constructor(
    path: string,
    options: EventLogOptions,
    opened: { lock: Deno.FsFile; file: Deno.FsFile; size: number; head: ChainHead },
  ) {
    this.#path = path;
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.#maxFiles = Math.max(1, options.maxFiles ?? 8);
    this.#lock = opened.lock;
    this.#file = opened.file;
    this.#size = opened.size;
    this.#head = opened.head;
  }

  /**
   * Opens a log for writing and mends a torn last line. The folder must exist.
   *
   * @throws BottleError `event_log_busy` when another process writes it, `event_log_damaged` when its last whole
   * line is not a line of the chain.
   */
  static open(path: string, options: EventLogOptions): EventLog {
    const lock = takeLock(`${path}.lock`, path);
    try {
      const file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
      try {
        const torn = mendTail(file);
        const log = new EventLog(path, options, {
          lock,
          file,
          size: file.statSync().size,
          head: headOf(path),
        });
        if (torn > 0) log.append({ type: "log_repaired", discarded_bytes: torn });
        return log;
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Where the chain stands. */
  get head(): ChainHead {
    return this.#head;
  }

  /**
   * Appends one event and gives the line as written.
   *
   * @throws BottleError `event_log_failed` when the disk refuses; the file is then as before the call. After a
   * failure that could not be taken back, every further call throws.
   */
  append(fields: EventFields): ChainedEvent {
    if (this.#closed) throw failed(this.#path, "it is closed");
    if (this.#broken !== undefined) throw failed(this.#path, this.#broken);
    const event = chainEvent(this.#head, this.#clock.now().toISOString(), fields);
    const line = new TextEncoder().encode(`${JSON.stringify(event)}\n`);
    try {
      if (this.#size > 0 && this.#size + line.length > this.#maxBytes) this.#rotate();
      writeFully(this.#file, line);
    } catch (error) {
      this.#takeBack();
      throw failed(this.#path, messageOf(error), error);
    }
    this.#size += line.length;
    this.#head = { seq: event.seq, hash: event.hash };
    return event;
  }

  /** Forces what was appended to the disk. */
  sync(): void {
    if (!this.#closed) this.#file.syncSync();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
    this.#lock.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #takeBack(): void {
    try {
      this.#file.truncateSync(this.#size);
    } catch (error) {
      this.#broken = `a line was torn and could not be taken back (${messageOf(error)})`;
    }
  }

  #rotate(): void {
    const rotated = logFiles(this.#path).length - 1;
    for (let n = rotated; n >= 1; n--) {
      if (n >= this.#maxFiles - 1) Deno.removeSync(rotatedPath(this.#path, n));
      else Deno.renameSync(rotatedPath(this.#path, n), rotatedPath(this.#path, n + 1));
    }
    if (this.#maxFiles > 1) Deno.renameSync(this.#path, rotatedPath(this.#path, 1));
    else Deno.removeSync(this.#path);
    const next = Deno.openSync(this.#path, {
      read: true,
      append: true,
      create: true,
      mode: 0o600,
    });
    this.#file.close();
    this.#file = next;
    this.#size = 0;
  }
}

function failed(path: string, reason: string, cause?: unknown): BottleError {
  return new BottleError(`Cannot append to event log ${JSON.stringify(path)}: ${reason}`, {
    code: "event_log_failed",
    hint: "free some disk space, or move the log away",
    cause,
  });
}

function takeLock(lockPath: string, path: string): Deno.FsFile {
  const lock = Deno.openSync(lockPath, { write: true, create: true, mode: 0o600 });
  if (lock.tryLockSync(true)) return lock;
  lock.close();
  throw new BottleError(
    `Cannot open event log ${JSON.stringify(path)}: another process writes it`,
    {
      code: "event_log_busy",
      hint: `end the process that uses ${dirname(path)}, or choose another folder`,
    },
  );
}

/** Cuts a line without its newline off the end; gives how many bytes went. */
function mendTail(file: Deno.FsFile): number {
  const size = file.statSync().size;
  const block = new Uint8Array(64 * 1024);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - block.length);
    file.seekSync(start, Deno.SeekMode.Start);
    const part = readFully(file, block.subarray(0, end - start));
    const newline = part.lastIndexOf(NEWLINE);
    if (newline >= 0) {
      end = start + newline + 1;
      break;
    }
    end = start;
  }
  if (end < size) file.truncateSync(end);
  return size - end;
}

function readFully(file: Deno.FsFile, into: Uint8Array): Uint8Array {
  let filled = 0;
  while (filled < into.length) {
    const count = file.readSync(into.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return into.subarray(0, filled);
}

/** The head of the chain that stands in the newest file holding a line. */
function headOf(path: string): ChainHead {
  for (const file of logFiles(path).reverse()) {
    const line = lastLine(file);
    if (line === undefined) continue;
    const verifier = new ChainVerifier(null);
    verifier.push(line);
    const verdict = verifier.verdict();
    if (verdict.ok) return verdict.head;
    throw new BottleError(
      `Cannot continue event log ${
        JSON.stringify(file)
      }: its last line is not of the chain (${verdict.fault?.reason})`,
      { code: "event_log_damaged", hint: "keep the file for inspection: move its folder away" },
    );
  }
  return GENESIS;
}
