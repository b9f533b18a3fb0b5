/** What a detector asks for: refuse, ask a person, or only note it. */
export type Severity = "block" | "supervise" | "warn";

/** One thing that was found. Nothing in it quotes the value. */
export interface Match {
  readonly detector: string;
  /** Name of the rule, such as a row of the pattern table or a secret's own name. */
  readonly rule: string;
  readonly severity: Severity;
  readonly reason: string;
  /** First byte of the original input that belongs to the match. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** The decoders that had to be applied to the original to see it, outermost first. */
  readonly via: readonly string[];
  /** The match was split or mixed with other bytes: its range is where it lies, not what can be cut out. */
  readonly scattered?: boolean;
  /** A keyed hash of the value as it decodes: the same for the same value in whatever encoding. */
  readonly fingerprint?: string;
}

/** Makes a keyed hash of a value, by which equal values are recognised without being kept. */
export type Fingerprint = (value: Uint8Array) => string;

const RANK: Readonly<Record<Severity, number>> = { warn: 0, supervise: 1, block: 2 };

/** The stricter of two severities. */
export function stricter(a: Severity, b: Severity): Severity {
  return RANK[a] >= RANK[b] ? a : b;
}

/** The strictest severity among `matches`; undefined when there are none. */
export function strictest(matches: readonly Match[]): Severity | undefined {
  let found: Severity | undefined;
  for (const { severity } of matches) {
    found = found === undefined ? severity : stricter(found, severity);
  }
  return found;
}

/**
 * Values of one text without those that lie inside another one of at least the same severity; of equal ones the first
 * stays.
 *
 * @param mayCover whether a value may stand for what lies in it; every one may unless given.
 * @param mayBeCovered whether a value says nothing more than what it lies in.
 */
export function withoutCovered<Value extends Pick<Match, "start" | "end" | "severity">>(
  values: readonly Value[],
  mayCover: (value: Value) => boolean = () => true,
  mayBeCovered: (value: Value) => boolean = () => true,
): Value[] {
  if (values.length < 2) return [...values];
  const sorted = values.toSorted((a, b) =>
    a.start - b.start || b.end - a.end || RANK[b.severity] - RANK[a.severity]
  );
  const kept: Value[] = [];
  let outer: Value | undefined;
  for (const value of sorted) {
    const covered = outer !== undefined && value.end <= outer.end &&
      RANK[value.severity] <= RANK[outer.severity] && mayBeCovered(value);
    if (covered) continue;
    kept.push(value);
    if ((outer === undefined || value.end >= outer.end) && mayCover(value)) outer = value;
  }
  return kept;
}
