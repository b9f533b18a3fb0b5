import { createHash } from "node:crypto";

/** A value that JSON can carry; events hold nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/** What a caller records: a type and its fields. `undefined` fields are left out. */
export interface EventFields {
  readonly type: string;
  readonly [field: string]: Json | undefined;
}

/** One line of `events.jsonl` as it stands in the file. */
export interface ChainedEvent {
  readonly seq: number;
  readonly time: string;
  readonly type: string;
  readonly prev: string;
  readonly hash: string;
  readonly [field: string]: Json;
}

/** Where the chain stands: the number and hash of its last line. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** The head of a chain that has no line yet. */
export const GENESIS: ChainHead = { seq: 0, hash: "0".repeat(64) };

/** JSON with sorted keys and no spaces, so that equal values have equal text (RFC 8785 for our value range). */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const record = value as { readonly [key: string]: Json };
  const members = Object.keys(record).sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key] as Json)}`);
  return `{${members.join(",")}}`;
}

function hashOf(previous: string, unhashed: { readonly [key: string]: Json }): string {
  return createHash("sha256").update(previous).update(canonicalJson(unhashed)).digest("hex");
}

/**
 * The next event of a chain: `hash` is SHA-256 (hex) over the previous hash and the canonical line without `hash`.
 *
 * @param time RFC 3339 instant.
 */
export function chainEvent(head: ChainHead, time: string, fields: EventFields): ChainedEvent {
  const unhashed: Record<string, Json> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) unhashed[key] = value;
  }
  unhashed.seq = head.seq + 1;
  unhashed.time = time;
  unhashed.prev = head.hash;
  const hash = hashOf(head.hash, unhashed);
  return { ...unhashed, hash } as unknown as ChainedEvent;
}

/** The first thing wrong with a chain. */
export interface ChainFault {
  /** 1-based line number over all files read. */
  readonly line: number;
  readonly reason: string;
}

/** What {@linkcode ChainVerifier} found after its last line. */
export interface ChainVerdict {
  readonly ok: boolean;
  readonly events: number;
  readonly head: ChainHead;
  readonly fault?: ChainFault;
}

/**
 * Verifies a chain line by line. The first line may continue from any head when `anchor` is null
 * (older files were rotated away); otherwise it must continue from `anchor`.
 */
export class ChainVerifier {
  #head: ChainHead | null;
  readonly #kept: ChainHead | undefined;
  #events = 0;
  #fault: ChainFault | undefined;

  /** @param kept a head that was noted elsewhere: the chain must hold that very line, or go on from behind it. */
  constructor(anchor: ChainHead | null = GENESIS, kept?: ChainHead) {
    this.#head = anchor;
    this.#kept = kept;
  }

  /** Takes one line without its newline. */
  push(line: string): void {
    this.#events++;
    if (this.#fault !== undefined) return;
    const reason = this.#check(line);
    if (reason !== undefined) this.#fault = { line: this.#events, reason };
  }

  #check(line: string): string | undefined {
    let event: { [key: string]: Json };
    try {
      event = JSON.parse(line);
    } catch {
      return "the line is not JSON (cut or edited)";
    }
    if (event === null || typeof event !== "object" || Array.isArray(event)) {
      return "the line is not an event";
    }
    const { hash, ...unhashed } = event;
    if (
      typeof hash !== "string" || typeof event.prev !== "string" || typeof event.seq !== "number"
    ) {
      return "the line has no seq, prev or hash";
    }
    if (this.#head !== null) {
      if (event.seq !== this.#head.seq + 1) {
        return `seq is ${event.seq}, expected ${this.#head.seq + 1}: a line is missing or moved`;
      }
      if (event.prev !== this.#head.hash) return "prev is not the hash of the line before";
    }
    if (hashOf(event.prev, unhashed) !== hash) return "hash does not match the line: it was edited";
    if (event.seq === this.#kept?.seq && hash !== this.#kept.hash) {
      return "the line is not the one that the host noted: this and what is before it was written anew";
    }
    this.#head = { seq: event.seq, hash };
    return undefined;
  }

  /** The verdict over every line pushed so far. */
  verdict(): ChainVerdict {
    const head = this.#head ?? GENESIS;
    const missing = (this.#kept?.seq ?? 0) - head.seq;
    if (this.#fault === undefined && missing > 0) {
      const reason = `${missing} ${missing === 1 ? "line is" : "lines are"} missing at the end: ` +
        `the host noted line ${this.#kept!.seq}`;
      return { ok: false, events: this.#events, head, fault: { line: this.#events + 1, reason } };
    }
    return this.#fault === undefined
      ? { ok: true, events: this.#events, head }
      : { ok: false, events: this.#events, head, fault: this.#fault };
  }
}
