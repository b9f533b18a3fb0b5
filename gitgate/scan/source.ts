import type { ObjectKind } from "../git/new_objects.ts";

/** What a text was taken from. */
export interface TextSource {
  readonly kind: ObjectKind | "names" | "request";
  /** The object; undefined for names and for what the request itself says. */
  readonly id?: string;
  /** Path of a blob; inside an archive joined by `!`. */
  readonly path: string;
  /** Whether lines count from the object's own first line, so that a comment on a line can be looked up. */
  readonly linesKnown: boolean;
}

/** Something that must not be pushed as it is. No value is in it. */
export interface PushFinding {
  readonly source: TextSource;
  readonly detector: string;
  readonly rule: string;
  /** Lines of the object, the first is 1; undefined where there are none. */
  readonly lines?: { readonly first: number; readonly last: number };
  /** First byte in the object, for findings that know no line. */
  readonly offset?: number;
  /** What matched, the value replaced; for the operator. */
  readonly excerpt?: string;
  /** A value that the bottle was given: no comment can allow it. */
  readonly known: boolean;
}
