import type { CheckName } from "../tokens/check.ts";

/** How a pattern lies to its keyword. */
export type Placement =
  /** The pattern begins with the keyword. */
  | "prefix"
  /** The keyword is somewhere in the pattern. */
  | "around"
  /** The pattern is a value that follows the keyword: `VENDOR_TOKEN = "…"`. */
  | "keyed";

/** One credential format of one vendor. */
export interface TokenPattern {
  readonly name: string;
  readonly vendor: string;
  /** Words of which one must be there before the pattern is tried; ASCII, matched without regard to case. */
  readonly keywords: readonly string[];
  readonly placement: Placement;
  /** Regular expression without boundaries and with bounded quantifiers only. */
  readonly pattern: string;
  readonly options: PatternOptions;
  /** Where the vendor documents the format or how the key is made. */
  readonly source: string;
}

export interface PatternOptions {
  /** The pattern holds for either case. */
  readonly ignoreCase?: boolean;
  readonly check?: CheckName;
  /** The documented form in full; a value that fits `pattern` and not this is held, not blocked. */
  readonly sure?: string;
  /** Shannon entropy in bits per character that a value must have. */
  readonly minEntropy?: number;
  /** The keyword is an everyday word: a word such as key or token must follow it. */
  readonly common?: boolean;
  /** The keyword is the whole name of a variable (`DJANGO_SECRET_KEY`): nothing more is asked of what follows it. */
  readonly exactName?: boolean;
  /** Characters that may not stand before a match, as the inside of a class; letters, digits, `_` and `-` unless given. */
  readonly left?: string;
  /** The same for what follows. */
  readonly right?: string;
  /** `supervise` for formats that harmless text has too, `warn` for keys that are made to be published. */
  readonly severity?: "block" | "supervise" | "warn";
  /** Bytes before and after the keyword that "around" looks at. */
  readonly reach?: readonly [before: number, after: number];
}

/** A row whose pattern begins with one of `prefixes`, exactly as written. */
export function prefixed(
  name: string,
  vendor: string,
  prefixes: string | readonly string[],
  rest: string,
  source: string,
  options: PatternOptions = {},
): TokenPattern {
  const list = typeof prefixes === "string" ? [prefixes] : prefixes;
  const heads = list.map((prefix) => prefix.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return {
    name,
    vendor,
    keywords: list,
    placement: "prefix",
    pattern: `(?:${heads.join("|")})${rest}`,
    options,
    source,
  };
}

/** A row with its keyword somewhere inside. */
export function around(
  name: string,
  vendor: string,
  keywords: string | readonly string[],
  pattern: string,
  source: string,
  options: PatternOptions = {},
): TokenPattern {
  const list = typeof keywords === "string" ? [keywords] : keywords;
  return { name, vendor, keywords: list, placement: "around", pattern, options, source };
}

/** A row for values that are told by the name they are assigned to. */
export function keyed(
  name: string,
  vendor: string,
  keywords: string | readonly string[],
  pattern: string,
  source: string,
  options: PatternOptions = {},
): TokenPattern {
  const list = typeof keywords === "string" ? [keywords] : keywords;
  return { name, vendor, keywords: list, placement: "keyed", pattern, options, source };
}
