import type { Clock } from "../../core/clock.ts";
import type { Match } from "../finding.ts";
import { projectableForms } from "../known/encodings.ts";
import { CANARY, KNOWN_SECRETS } from "../known/known_secrets.ts";
import { WINDOW } from "../known/projection.ts";
import { type KnownSecret, projectableParts, strengthOf } from "../known/secret.ts";
import { Coverage, GRAM, INSIDE } from "./coverage.ts";
import { Tails } from "./tails.ts";

/** A short value of a request and the place that carries it, such as "query c". */
export interface Piece {
  readonly slot: string;
  readonly value: string;
}

/** What bounds an accumulator. */
export interface AccumulatorOptions {
  readonly clock: Clock;
  /** How long a piece counts, in milliseconds; ten minutes unless given. */
  readonly windowMs?: number;
  /** Places, over all hosts, whose last values are kept; 4,096 unless given. The one unused for longest goes first. */
  readonly maxEntries?: number;
}

const WINDOW_MS = 10 * 60 * 1000;
const MAX_ENTRIES = 4096;
/** The place that stands for all places of a host together. */
const ALL = "";

/** One form of a secret. */
interface Guarded {
  readonly secret: KnownSecret;
  readonly encoding: string;
  readonly coverage: Coverage;
}

/** Where a group of four characters stands in the forms of all secrets. */
type Places = ReadonlyMap<string, readonly { readonly form: Guarded; readonly start: number }[]>;

/**
 * Notices known secrets that leave in parts, each too small to be seen in its own request: parts that arrive in
 * order at one place of a host (one character at a time, say), and parts of four characters or more in any order, at
 * any places and hosts, that together make up enough of a secret.
 *
 * Memory: per place at most {@linkcode Tails} keeps, per secret a number for each of its characters and forms; no
 * value longer than its window. Weak secrets are not accumulated.
 */
export class SecretAccumulator {
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #tails: Tails;

  constructor(secrets: readonly KnownSecret[], options: AccumulatorOptions) {
    const windowMs = options.windowMs ?? WINDOW_MS;
    this.#clock = options.clock;
    this.#places = placesOf(
      secrets.filter((secret) => strengthOf(secret).strength === "strong")
        .flatMap((secret) => [...formsOf(secret, windowMs)]),
    );
    this.#tails = new Tails(options.maxEntries ?? MAX_ENTRIES, windowMs);
  }

  /** Places whose last values are kept now. */
  get size(): number {
    return this.#tails.size;
  }

  /**
   * Takes the short values of one request to `host`, in order.
   *
   * @returns one match per secret that these values complete; their range is empty, since no bytes of this request
   * are the secret.
   */
  push(host: string, pieces: readonly Piece[]): Match[] {
    if (this.#places.size === 0) return [];
    const now = this.#clock.monotonic();
    const projected = pieces.map(({ slot, value }) => ({ slot, letters: lettersOf(value) }))
      .filter(({ letters }) => letters !== "");
    const complete = new Set<Guarded>();
    for (const [slot, letters] of bySlot(projected)) {
      const { text, fresh } = this.#tails.push(JSON.stringify([host, slot]), letters, now);
      this.#each(text, WINDOW - GRAM + 1, (form, at, start) => {
        if (form.coverage.liesAt(text, at, start, fresh)) complete.add(form);
      });
    }
    const touched = new Set<Guarded>();
    for (const { letters } of projected) {
      // Of a short value only the whole counts, so that its first characters tell.
      const step = letters.length < INSIDE ? letters.length : 1;
      this.#each(letters, step, (form, at, start) => {
        if (form.coverage.note(letters, at, start, now)) touched.add(form);
      });
    }
    for (const form of touched) if (form.coverage.isEnough(now)) complete.add(form);
    const matches = new Map<string, Match>();
    for (const { secret, encoding } of complete) {
      if (!matches.has(secret.name)) matches.set(secret.name, matchOf(secret, encoding));
    }
    return [...matches.values()];
  }

  /** Every place of a form whose group of four stands in `text` at a multiple of `step`. */
  #each(text: string, step: number, visit: (form: Guarded, at: number, start: number) => void) {
    for (let at = 0; at + GRAM <= text.length; at += step) {
      for (const { form, start } of this.#places.get(text.slice(at, at + GRAM)) ?? []) {
        visit(form, at, start);
      }
    }
  }
}

function* formsOf(secret: KnownSecret, windowMs: number): Generator<Guarded> {
  for (const part of projectableParts(secret.value)) {
    for (const { encoding, text, whole } of projectableForms(part)) {
      const letters = text.replace(/[^A-Za-z0-9]/g, "");
      if (whole === true || letters.length < WINDOW) continue;
      yield { secret, encoding, coverage: new Coverage(letters, encoding === "plain", windowMs) };
    }
  }
}

function placesOf(forms: readonly Guarded[]): Places {
  const places = new Map<string, { form: Guarded; start: number }[]>();
  for (const form of forms) {
    const { letters } = form.coverage;
    for (let start = 0; start + GRAM <= letters.length; start++) {
      const gram = letters.slice(start, start + GRAM);
      const known = places.get(gram);
      if (known === undefined) places.set(gram, [{ form, start }]);
      else known.push({ form, start });
    }
  }
  return places;
}

/** The values of each place, joined in order, and those of all places together. */
function bySlot(pieces: readonly { slot: string; letters: string }[]): Map<string, string> {
  const slots = new Map<string, string>();
  for (const { slot, letters } of pieces) {
    slots.set(slot, (slots.get(slot) ?? "") + letters);
    slots.set(ALL, (slots.get(ALL) ?? "") + letters);
  }
  return slots;
}

function lettersOf(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function matchOf(secret: KnownSecret, encoding: string): Match {
  const canary = secret.canary === true;
  const form = encoding === "plain" ? "" : ` (${encoding})`;
  return {
    detector: canary ? CANARY : KNOWN_SECRETS,
    rule: secret.name,
    severity: "block",
    reason: canary
      ? `the bottle's canary ${secret.name} is leaving in parts over several requests${form}`
      : `completes parts of the secret ${secret.name} that left in earlier requests${form}`,
    start: 0,
    end: 0,
    via: ["accumulated", ...(encoding === "plain" ? [] : [encoding])],
    scattered: true,
  };
}
