import { Buffer } from "node:buffer";
import { redactedContext } from "./context.ts";
import { withoutContentCoding } from "./content_coding.ts";
import { headerInjection } from "./crlf.ts";
import type { MessageScan, OutboundMessage, PlacedMatch, ScanOptions } from "./detector.ts";
import type { Match, Severity } from "./finding.ts";
import { CANARY, KNOWN_SECRETS } from "./known/known_secrets.ts";
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

/** Matches whose surroundings are shown: nobody reads those of a thousand, and each of them is a scan. */
const MOST_SHOWN = 32;

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
  const found = new Map<string, Finding>();
  const incomplete = new Set<string>();
  for (const place of placesOf(lines, message, body.bytes)) {
    const result = scanner.scan(place.bytes, options.limits?.(place.bytes.length));
    if (result.incomplete !== undefined && place.joined !== true) {
      incomplete.add(`the ${place.placeOf(0, place.bytes.length)} has ${result.incomplete}`);
    }
    for (const match of result.matches) {
      if (place.joined === true && !saysMore(match, place, found)) continue;
      const fingerprint = match.fingerprint ?? options.fingerprint(valueOf(match, place));
      const key = `${match.detector} ${match.rule} ${fingerprint}`;
      const known = found.get(key);
      if (known === undefined || ORDER[match.severity] < ORDER[known.match.severity]) {
        found.set(key, { match, place, fingerprint, others: result.matches });
      }
    }
  }
  const matches = [...found.values()]
    .sort((a, b) => ORDER[a.match.severity] - ORDER[b.match.severity])
    .map((finding, index) => placedMatch(finding, index < MOST_SHOWN ? scanner : undefined));
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

/** A match, where it lies, and what else lies there. */
interface Finding {
  readonly match: Match;
  readonly place: Place;
  readonly fingerprint: string;
  readonly others: readonly Match[];
}

/** Whether a match where fields were joined is more than two harmless halves, and not what a field alone has shown. */
function saysMore(match: Match, place: Place, found: ReadonlyMap<string, Finding>): boolean {
  const { detector, rule, severity } = match;
  if (isNamed(match)) {
    return !found.values().some(({ match }) => match.detector === detector && match.rule === rule);
  }
  if (detector !== "token_patterns" || severity !== "block") return false;
  // A value of a field, perhaps with something of the next field behind it.
  const value = textOf(match, place);
  return !found.values().some((other) =>
    other.match.rule === rule && (other.fingerprint === match.fingerprint ||
      (other.match.via.length === 0 && value.includes(textOf(other.match, other.place))))
  );
}

function textOf({ start, end }: Match, { bytes }: Place): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

/** What a match is recognised by where its detector says nothing else: an answer about it holds for that alone. */
function valueOf(match: Match, { bytes }: Place): Uint8Array {
  return isNamed(match) ? nameOf(match) : bytes.subarray(match.start, match.end);
}

function isNamed({ detector }: Match): boolean {
  return detector === KNOWN_SECRETS || detector === CANARY;
}

/** @param scanner looks at what is shown; without it nothing is. */
function placedMatch(
  { match, place, fingerprint, others }: Finding,
  scanner: Scanner | undefined,
): PlacedMatch {
  return {
    ...match,
    place: place.placeOf(match.start, match.end),
    fingerprint,
    context: match.severity === "warn" || scanner === undefined
      ? ""
      : redactedContext(place.bytes, match, others, scanner),
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
