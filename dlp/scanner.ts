import {
  DecodeBudget,
  type DecodeLimits,
  defaultLimits,
  type OpaqueData,
} from "./decode/budget.ts";
import { decodedViews } from "./decode/decode_tree.ts";
import { entropyMatches } from "./entropy_windows.ts";
import { financialMatches } from "./financial/financial.ts";
import { type Fingerprint, type Match, withoutCovered } from "./finding.ts";
import {
  buildKnownSecretScanner,
  CANARY,
  KNOWN_SECRETS,
  type KnownSecret,
  type SecretStrength,
} from "./known/known_secrets.ts";
import { seedPhraseMatches } from "./financial/seed_phrase.ts";
import { PATTERN_TABLE } from "./patterns/table.ts";
import type { TokenPattern } from "./patterns/row.ts";
import { CharacterFold } from "./text/fold_character.ts";
import { foldedView } from "./text/fold_view.ts";
import { nextNonAscii } from "./text/non_ascii.ts";
import { smuggledViews } from "./text/smuggled_bytes.ts";
import { rawView, type View } from "./text/view.ts";
import { runShapeMatches } from "./tokens/run_shapes.ts";
import { buildTokenScanner, MOST_VALUES } from "./tokens/token_scanner.ts";

/** Detectors that look at bytes. */
export const DETECTORS = ["token_patterns", "known_secrets", "financial", "entropy"] as const;
/** The name of one. */
export type DetectorName = (typeof DETECTORS)[number];

/** Those that run unless others are asked for. */
export const DEFAULT_DETECTORS: readonly DetectorName[] = ["token_patterns", "known_secrets"];

/** What a scanner is made of. */
export interface ScannerOptions {
  readonly detectors?: readonly DetectorName[];
  readonly secrets?: readonly KnownSecret[];
  readonly patterns?: readonly TokenPattern[];
  /** Makes the hashes that matches of token patterns carry; none unless given. */
  readonly fingerprint?: Fingerprint;
}

/** What came of one scan. */
export interface ScanResult {
  readonly matches: readonly Match[];
  /** Why a part was not looked at: the input is then not clean, whatever `matches` says. */
  readonly incomplete: string | undefined;
  /**
   * Data that no decoder reads, each kind once, such as "bzip2" or "zip with encryption". No finding on its own; who
   * lets such data out trusts the receiver. Inside of an encoding it is also a match of severity `warn`.
   */
  readonly opaque: readonly string[];
}

/** The detectors, ready to look at any number of inputs; holds nothing of what it saw. */
export interface Scanner {
  readonly strengths: readonly SecretStrength[];
  /**
   * Looks at bytes as they are, as text in ASCII, and at everything they decode to within `limits`.
   *
   * @param base offset of the first byte, added to the ranges of matches.
   */
  scan(bytes: Uint8Array, limits?: DecodeLimits, base?: number): ScanResult;
}

/** Prepares a scanner: about 50 ms for the whole table. */
export function buildScanner(options: ScannerOptions = {}): Scanner {
  const detectors = new Set(options.detectors ?? DEFAULT_DETECTORS);
  const tokens = detectors.has("token_patterns")
    ? buildTokenScanner(options.patterns ?? PATTERN_TABLE, options.fingerprint)
    : undefined;
  const known = buildKnownSecretScanner(
    detectors.has("known_secrets") ? options.secrets ?? [] : [],
  );
  const guards = known.strengths.length > 0;
  const fold = new CharacterFold();
  const look = (view: View): Match[] => [
    ...(guards ? known.scan(view) : []), // first: these are told whatever else there is
    ...(tokens?.scan(view) ?? []),
    ...(tokens === undefined ? [] : [...seedPhraseMatches(view), ...runShapeMatches(view)]),
    ...(detectors.has("financial") ? financialMatches(view) : []),
  ];
  return {
    strengths: known.strengths,
    scan(bytes, limits = defaultLimits(bytes.length), base = 0) {
      const budget = new DecodeBudget(limits);
      const raw = rawView(bytes, base);
      const matches: Match[] = [];
      const note = (found: readonly Match[]) => {
        if (found.length >= MOST_VALUES) budget.refuse("more values than are told apart");
        for (const match of found.slice(0, MOST_VALUES)) matches.push(match);
      };
      const written = (view: View) => {
        if (nextNonAscii(view.bytes, 0) === view.bytes.length) return;
        const folded = foldedView(view, fold);
        if (folded !== undefined) note(look(folded));
        for (const smuggled of smuggledViews(view)) note(look(smuggled));
      };
      note(look(raw));
      if (detectors.has("entropy")) note(entropyMatches(raw));
      written(raw);
      for (const view of decodedViews(raw, budget)) {
        if (view.difference === true) {
          note(known.scanDifferences(view));
          continue;
        }
        note(look(view));
        written(view);
      }
      note(budget.opaque.filter(({ via }) => via.length > 0).map(opaqueMatch));
      return {
        matches: merged(matches),
        incomplete: budget.exhausted,
        opaque: [...new Set(budget.opaque.map(({ kind }) => kind))],
      };
    },
  };
}

/** Packed or encrypted data that is written as text besides: who sends it so hides it from somebody. */
function opaqueMatch({ kind, start, end, via }: OpaqueData): Match {
  return {
    detector: "opaque",
    rule: kind,
    severity: "warn",
    reason: `holds ${kind} data inside ${via.join(", ")}, which is not looked into`,
    start,
    end,
    via,
  };
}

/**
 * One match per value: the same secret is often seen in several views. A match of a decoded text has the range of the
 * whole text, and a scattered one of all that lies between its parts: neither stands for what else lies there, or a
 * value that may leave would hide others. A known secret is told by its name, whatever it looks like.
 */
function merged(matches: readonly Match[]): Match[] {
  const byValue = new Map<string, Match>();
  for (const match of matches.toSorted((a, b) => Number(isNamed(b)) - Number(isNamed(a)))) {
    const { detector, rule, start, end, fingerprint = "" } = match;
    const key = `${detector} ${rule} ${start} ${end} ${fingerprint}`;
    const known = byValue.get(key);
    if (known === undefined || match.via.length < known.via.length) byValue.set(key, match);
  }
  return withoutCovered(
    [...byValue.values()],
    ({ via, scattered }) => via.length === 0 && scattered !== true,
    (match) => !isNamed(match),
  );
}

function isNamed({ detector }: Match): boolean {
  return detector === KNOWN_SECRETS || detector === CANARY;
}
