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

/**
 * Whether a comment on the finding's own lines asks for it to be allowed. The file is read from the push itself;
 * gitleaks's own look at the comment is switched off.
 */
export async function asksForAllowance(
  quarantine: Quarantine,
  finding: PushFinding,
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const { source, known, lines, offset } = finding;
  if (known || source.id === undefined || source.kind !== "blob" || !source.linesKnown) {
    return false;
  }
  if (lines === undefined && offset === undefined) return false;
  if (lines !== undefined && lines.last - lines.first > MOST_LINES) return false;
  // The size is not needed to read one object, and is checked against what git says.
  const size = Number(
    await quarantine.mirror.git.text(["cat-file", "-s", source.id], quarantine.place(), bounds),
  );
  const object = { id: source.id, kind: "blob", size, path: source.path } as const;
  for await (const { bytes } of contents(quarantine, [object], bounds)) {
    const found = new LinesAt(lines, offset);
    for (let part = await bytes.some(1 << 18); part !== null; part = await bytes.some(1 << 18)) {
      found.push(part);
    }
    return MARKER.test(found.text());
  }
  return false;
}

/** Keeps the wanted lines of a stream: those with the given numbers, or the one around an offset. */
export class LinesAt {
  readonly #first: number | undefined;
  readonly #last: number;
  readonly #offset: number;
  #line = 1;
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

  text(): string {
    return Buffer.concat(this.#kept).toString("utf8");
  }
}
