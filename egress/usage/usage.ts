import type { ModelApi } from "../../core/route.ts";
import type { Picked } from "./json_picker.ts";

/**
 * The tokens of one answer. `input`, `cacheRead` and `cacheWrite` are disjoint: together they are the whole prompt,
 * each token counted once. `reasoning` is part of `output`.
 */
export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** What one answer of a model says that it used. */
export interface Usage extends TokenCounts {
  /** The shape that the answer had. */
  readonly api: ModelApi;
  /** As the upstream names it; hostile text, "" where it named none. */
  readonly model: string;
  /** Whether these are the final counts: of an answer that was cut short, or told none, they are the least. */
  readonly complete: boolean;
}

/** Nothing used. */
export const NO_TOKENS: TokenCounts = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
};

/** Of an answer of which nothing else is known. */
export function unknownUsage(api: ModelApi): Usage {
  return { api, model: "", ...NO_TOKENS, complete: false };
}

/** A count as JSON tells it: a whole number that is exact; undefined for everything else. */
export function countAt(picked: Picked, path: string): number | undefined {
  const value = picked.get(path);
  return Number.isSafeInteger(value) && value as number >= 0 ? value as number : undefined;
}

/** Text at a path; undefined where there is none. */
export function textAt(picked: Picked, path: string): string | undefined {
  const value = picked.get(path);
  return typeof value === "string" ? value : undefined;
}

/** Two counts made one, number by number. */
export function combined(
  one: TokenCounts,
  other: TokenCounts,
  by: (one: number, other: number) => number,
): TokenCounts {
  return {
    input: by(one.input, other.input),
    output: by(one.output, other.output),
    cacheRead: by(one.cacheRead, other.cacheRead),
    cacheWrite: by(one.cacheWrite, other.cacheWrite),
    reasoning: by(one.reasoning, other.reasoning),
  };
}

/**
 * Counts of an API whose cached tokens are inside its input. Some gateways report more cached tokens than input; a count
 * is never below zero.
 */
export function withCacheInside(told: TokenCounts): TokenCounts {
  return { ...told, input: Math.max(0, told.input - told.cacheRead - told.cacheWrite) };
}
