import { Buffer } from "node:buffer";
import { contents } from "../git/new_objects.ts";
import type { Quarantine } from "../git/quarantine.ts";
import type { PushFinding } from "./source.ts";

/** Comments that ask for a finding to be allowed. */
const MARKER = /(?:gitleaks|betterleaks):allow/;
/** Bytes of a line, or of the lines of one finding, that are searched for the comment. */
const MOST = 64 * 1024;
/** Lines of one finding, such as a private key. */
const MOST_LINES = 200;

/** Where in a file a finding is, and whether a comment there asks for it to be allowed. */
export interface FindingPlace {
  /** The first line, counted from 1; undefined where there are no lines. */
  readonly line: number | undefined;
  readonly asked: boolean;
}

/**
 * Looks a finding up in the push itself; gitleaks's own look at the comment is switched off.
 */
export async function placeOf(
  quarantine: Quarantine,
  { source, known, lines, offset }: PushFinding,
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<FindingPlace> {
  const nowhere = { line: lines?.first, asked: false };
  if (source.id === undefined || source.kind !== "blob" || !source.linesKnown) return nowhere;
  if (lines === undefined && offset === undefined) return nowhere;
  if (lines !== undefined && lines.last - lines.first > MOST_LINES) return nowhere;
  const { git } = quarantine.mirror;
  const size = Number(await git.text(["cat-file", "-s", source.id], quarantine.place(), bounds));
  const object = { id: source.id, kind: "blob", size, path: source.path } as const;
  const found = new LinesAt(lines, offset);
  for await (const { bytes } of contents(quarantine, [object], bounds)) {
    for (let part = await bytes.some(1 << 18); part !== null; part = await bytes.some(1 << 18)) {
      found.push(part);
    }
  }
  return { line: found.line, asked: !known && MARKER.test(found.text()) };
}

/** Keeps the wanted lines of a stream: those with the given numbers, or the one around an offset. */
export class LinesAt {
  readonly #first: number | undefined;
  readonly #last: number;
  readonly #offset: number;
  #line = 1;
  #found: number | undefined;
  #at = 0;
  #kept: Buffer[] = [];
  #size = 0;
  #done = false;

  constructor(lines: { first: number; last: number } | undefined, offset = 0) {
    this.#first = lines?.first;
    this.#last = lines?.last ?? 0;
    this.#offset = offset;
  }

  push(bytes: Uint8Array): void {
    if (this.#done) return;
    for (let at = 0; at < bytes.length && !this.#done;) {
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      this.#take(bytes.subarray(at, end), newline >= 0);
      at = end;
    }
  }

  #take(part: Uint8Array, whole: boolean): void {
    this.#at += part.length;
    if (this.#found === undefined && this.#at > this.#offset) {
      this.#found = this.#first ?? this.#line;
    }
    const wanted = this.#first === undefined || this.#line >= this.#first;
    if (wanted) {
      this.#kept.push(Buffer.from(part));
      this.#size += part.length;
      // A line that long is not one that somebody wrote a comment on.
      if (this.#size > MOST) {
        this.#kept = [];
        this.#size = 0;
        if (this.#first !== undefined || this.#at > this.#offset) this.#done = true;
      }
    }
    if (!whole) return;
    if (this.#first === undefined) {
      if (this.#at > this.#offset) this.#done = true;
      else {
        this.#kept = [];
        this.#size = 0;
      }
    } else if (this.#line >= this.#last) this.#done = true;
    this.#line++;
  }

  /** Number of the first of the lines, once they were there. */
  get line(): number | undefined {
    return this.#found;
  }

  text(): string {
    return Buffer.concat(this.#kept).toString("utf8");
  }
}
