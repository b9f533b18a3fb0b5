import { Buffer } from "node:buffer";
import type { InjectionFinding, InjectionSeverity } from "./finding.ts";
import { LetterReader, type LetterTable } from "./letters.ts";

/** Alternatives of a place in a phrase ("" for none), or at most how many letters may stand there. */
export type Slot = readonly string[] | number;

/** A way of talking to an agent, as {@linkcode LetterReader} reads it: spaces and case are for people. */
export interface Phrase {
  readonly rule: string;
  readonly severity: InjectionSeverity;
  readonly slots: readonly Slot[];
}

/** A phrase ready to be looked for. */
export interface CompiledPhrase extends InjectionFinding {
  readonly pattern: RegExp;
  /** Words of which one stands in every occurrence. */
  readonly anchors: readonly string[];
  /** Most letters before and after the beginning of an anchor. */
  readonly before: number;
  readonly after: number;
}

/** Letters of the shortest alternative; a gap has none. */
function shortest(slot: readonly string[] | number | undefined): number {
  return typeof slot === "number" ? 0 : slot?.at(-1)?.length ?? 0;
}

/** Compiles a phrase: every alternative becomes its letters, in any script. */
export function compilePhrase(
  { rule, severity, slots }: Phrase,
  table: LetterTable,
): CompiledPhrase {
  const read = (text: string) =>
    Buffer.from(new LetterReader(table).read(Buffer.from(`${text} `), new Uint8Array(0)))
      .toString("latin1");
  const compiled = slots.map((slot) =>
    typeof slot === "number" ? slot : slot.map(read).sort((a, b) => b.length - a.length)
  );
  const anchor = compiled.reduce<number>((best, slot, index) => {
    if (typeof slot === "number") return best;
    const known = compiled[best];
    return shortest(slot) > shortest(known) ? index : best;
  }, 0);
  const anchors = compiled[anchor];
  if (typeof anchors === "number" || anchors === undefined || anchors.at(-1) === "") {
    throw new TypeError(`Cannot look for the phrase ${rule}: it has no place that is never empty`);
  }
  const lengthOf = (some: readonly (number | string[])[]) =>
    some.reduce<number>(
      (sum, slot) => sum + (typeof slot === "number" ? slot : slot[0]!.length),
      0,
    );
  const pattern = compiled.map((slot) =>
    typeof slot === "number"
      ? `[^]{0,${slot}}?`
      : `(?:${slot.map((text) => text.replace(/[^a-z0-9 ]/g, "\\$&")).join("|")})`
  ).join("");
  return {
    rule,
    severity,
    pattern: new RegExp(pattern),
    anchors,
    before: lengthOf(compiled.slice(0, anchor)),
    after: lengthOf(compiled.slice(anchor)),
  };
}
