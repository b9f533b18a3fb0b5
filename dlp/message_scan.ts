import { Buffer } from "node:buffer";
import { redactedContext } from "./context.ts";
import { withoutContentCoding } from "./content_coding.ts";
import { headerInjection } from "./crlf.ts";
import type { MessageScan, OutboundMessage, PlacedMatch, ScanOptions } from "./detector.ts";
import type { Match, Severity } from "./finding.ts";
import { type HeadLine, headLines, joinLines } from "./request_head.ts";
import type { Scanner } from "./scanner.ts";

/** A piece of a request that is looked at on its own. */
interface Place {
  readonly bytes: Uint8Array;
  readonly placeOf: (start: number, end: number) => string;
  /** Values of several fields, joined: what is only a pattern there may be two harmless halves. */
  readonly joined?: boolean;
}

/** Name that findings of header injection carry. */
export const CRLF = "crlf";

const ORDER: Readonly<Record<Severity, number>> = { block: 0, supervise: 1, warn: 2 };

/**
 * Looks at every part of a request: its head, and the body as it is sent and decoded; then at the values of the head joined, since a value may be split over them. Lines of the head that are familiar are left out.
 */
export function scanMessage(
  scanner: Scanner,
  message: OutboundMessage,
  options: ScanOptions,
): MessageScan {
  const injected = headerInjection(message);
  if (injected !== undefined) {
    return { matches: [injection(injected, options)], incomplete: [], fresh: [] };
  }
  const body = withoutContentCoding(
    message.body,
    headerValue(message, "content-encoding"),
    options.maxBody,
  );
  if ("refused" in body) return { matches: [], incomplete: [], fresh: [], body };
  const lines = headLines(message).filter(({ text }) => options.familiar?.has(text) !== true);
  const found = new Map<string, PlacedMatch>();
  const incomplete = new Set<string>();
  for (const place of placesOf(lines, message, body.bytes)) {
    const result = scanner.scan(place.bytes);
    if (result.incomplete !== undefined && place.joined !== true) {
      incomplete.add(`the ${place.placeOf(0, place.bytes.length)} has ${result.incomplete}`);
    }
    for (const match of result.matches) {
      if (place.joined === true && !saysMore(match, found)) continue;
      const placed = placedMatch(match, place, result.matches, scanner, options);
      const key = `${match.detector} ${match.rule} ${placed.fingerprint}`;
      const known = found.get(key);
      if (known === undefined || ORDER[match.severity] < ORDER[known.severity]) {
        found.set(key, placed);
      }
    }
  }
  const matches = [...found.values()].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  return { matches, incomplete: [...incomplete], fresh: lines.map(({ text }) => text) };
}

function injection(place: string, { fingerprint }: ScanOptions): PlacedMatch {
  return {
    detector: CRLF,
    rule: "header-injection",
    severity: "block",
    reason: "holds a line break that would begin another header",
    place,
    start: 0,
    end: 0,
    via: [],
    fingerprint: fingerprint(Buffer.from(`${CRLF} ${place}`)),
    context: "",
  };
}

/** Whether a match where fields were joined is more than two harmless halves, and not what a field alone has shown. */
function saysMore(match: Match, found: ReadonlyMap<string, PlacedMatch>): boolean {
  const { detector, rule, severity } = match;
  const telling = detector === "known_secrets" || detector === "canary" ||
    (detector === "token_patterns" && severity === "block");
  return telling &&
    !found.values().some((other) => other.detector === detector && other.rule === rule);
}

function placedMatch(
  match: Match,
  { bytes, placeOf }: Place,
  others: readonly Match[],
  scanner: Scanner,
  { fingerprint }: ScanOptions,
): PlacedMatch {
  const value = match.detector === "token_patterns" || match.detector === "financial"
    ? bytes.subarray(match.start, match.end)
    : nameOf(match);
  return {
    ...match,
    place: placeOf(match.start, match.end),
    fingerprint: match.fingerprint ?? fingerprint(value),
    context: match.severity === "warn" ? "" : redactedContext(bytes, match, others, scanner),
  };
}

/** What stands for the value of a match whose rule names it: a known secret is the same in whatever form it appears. */
export function nameOf({ detector, rule }: Pick<Match, "detector" | "rule">): Uint8Array {
  return Buffer.from(`${detector} ${rule}`);
}

function* placesOf(
  lines: readonly HeadLine[],
  message: OutboundMessage,
  body: Uint8Array,
): Generator<Place> {
  if (lines.length > 0) yield joinLines(lines);
  if (message.body.length > 0) {
    yield { bytes: message.body, placeOf: () => "body" };
    // Of a coded body both are looked at: what follows the end of the coded data is sent as well.
    if (body !== message.body) yield { bytes: body, placeOf: () => "body" };
  }
  if (lines.length > 1 || lines.some(({ isList }) => isList)) {
    const values = lines.map((line) => line.values).join("");
    yield { bytes: Buffer.from(values, "latin1"), placeOf: () => "request", joined: true };
  }
}

function headerValue({ headers }: OutboundMessage, wanted: string): string {
  let found = "";
  for (const { name, value } of headers) {
    if (name.toLowerCase() === wanted) found = found === "" ? value : `${found},${value}`;
  }
  return found;
}
