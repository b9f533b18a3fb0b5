import type { ShownFinding } from "./approval.ts";
import { commitOf } from "./git/commit_of.ts";
import type { Quarantine } from "./git/quarantine.ts";
import { type FindingPlace, placeOf } from "./scan/allow_comment.ts";
import type { PushFinding } from "./scan/source.ts";

/** Objects whose commit is looked up: it takes git a moment each. */
const COMMITS = 10;
/** Findings that are looked up when it is clear that the push is refused. */
const LOOKED_UP = 20;

/** What looking findings up needs. */
export interface LookUp {
  readonly tips: readonly string[];
  readonly bounds: { readonly timeout: number; readonly signal: AbortSignal };
  /** A text as it may be shown. */
  readonly shown: (text: string) => string;
}

/** Findings by place, as people see them, and whether a comment asks for every one of them. */
export async function shownFindings(
  quarantine: Quarantine,
  findings: readonly PushFinding[],
  { tips, bounds, shown }: LookUp,
): Promise<{ shown: ShownFinding[]; asked: boolean }> {
  const commits = new Map<string, string | undefined>();
  const places = new Map<string, ShownFinding>();
  let asked = true;
  let lookedUp = 0;
  for (const finding of findings) {
    const { source, rule, known, excerpt } = finding;
    const lookUp: boolean = asked || lookedUp++ < LOOKED_UP;
    const place: FindingPlace = lookUp
      ? await placeOf(quarantine, finding, bounds)
      : { line: finding.lines?.first, asked: false };
    asked &&= place.asked;
    const { id } = source;
    if (id !== undefined && !commits.has(id) && commits.size < COMMITS) {
      commits.set(id, await commitOf(quarantine, source, tips, bounds));
    }
    const key = `${source.kind} ${id} ${source.path} ${place.line}`;
    const other = places.get(key);
    places.set(key, {
      source,
      rules: [...new Set([...other?.rules ?? [], rule])],
      known: known || other?.known === true,
      line: place.line,
      excerpt: excerpt ?? other?.excerpt,
      path: shown(source.path),
      commit: id === undefined ? undefined : commits.get(id),
    });
  }
  return { shown: [...places.values()], asked };
}
