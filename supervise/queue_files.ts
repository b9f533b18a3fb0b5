import { join } from "node:path/posix";
import { replaceFile } from "../sys/atomic_file.ts";

const QUEUED = /^([A-Za-z0-9][A-Za-z0-9-]{7,63})\.(proposal|response|outcome)\.json$/;
const PARTS = ["proposal", "response", "outcome"] as const;

/** What a file of a queue is. */
export type QueuePart = typeof PARTS[number];

/** The id and the part that a file name of a queue stands for; undefined for any other file. */
export function parseQueueName(name: string): { id: string; part: QueuePart } | undefined {
  const match = QUEUED.exec(name);
  return match === null ? undefined : { id: match[1]!, part: match[2] as QueuePart };
}

/** The path of one file of a proposal in the folder `dir`. */
export function queuePath(dir: string, id: string, part: QueuePart): string {
  return join(dir, `${id}.${part}.json`);
}

/**
 * `queue/processed/`: what was decided, at most `keep` proposals, the oldest removed first. Nothing here throws:
 * a decision does not depend on whether its papers could be filed.
 */
export class ProcessedFolder {
  readonly #queue: string;
  readonly #dir: string;
  readonly #keep: number;
  readonly #ids: Set<string>;

  /** @throws Deno.errors.* when the folder can neither be read nor made. */
  constructor(queue: string, keep: number) {
    this.#queue = queue;
    this.#dir = join(queue, "processed");
    this.#keep = keep;
    Deno.mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    this.#ids = new Set(idsByAge(this.#dir));
    this.#prune();
  }

  /** Moves the files of a proposal here and notes what came of it. */
  file(id: string, outcome: Readonly<Record<string, unknown>>): void {
    for (const part of ["proposal", "response"] as const) {
      const from = queuePath(this.#queue, id, part);
      try {
        Deno.renameSync(from, queuePath(this.#dir, id, part));
      } catch {
        removeQuietly(from); // never there, or the folder is gone: it must not be taken for one that waits
      }
    }
    try {
      const text = `${JSON.stringify({ proposal_id: id, ...outcome }, null, 2)}\n`;
      replaceFile(queuePath(this.#dir, id, "outcome"), text, 0o600, { durable: false });
    } catch { /* a full disk: the event says it too */ }
    this.#ids.delete(id);
    this.#ids.add(id);
    this.#prune();
  }

  #prune(): void {
    for (const id of this.#ids) {
      if (this.#ids.size <= this.#keep) return;
      this.#ids.delete(id);
      for (const part of PARTS) removeQuietly(queuePath(this.#dir, id, part));
    }
  }
}

function idsByAge(dir: string): string[] {
  const ages = new Map<string, number>();
  for (const { name } of Deno.readDirSync(dir)) {
    const id = parseQueueName(name)?.id;
    if (id === undefined) continue;
    try {
      const age = Deno.lstatSync(join(dir, name)).ctime?.getTime() ?? 0;
      ages.set(id, Math.max(age, ages.get(id) ?? 0));
    } catch { /* removed meanwhile */ }
  }
  return [...ages].sort((a, b) => a[1] - b[1]).map(([id]) => id);
}

/** Whether something has this name. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes a file if it is there. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it is not there, or is a folder that somebody put there */ }
}
