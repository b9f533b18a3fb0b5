import { Buffer } from "node:buffer";
import { redactedContext } from "./context.ts";
import { withoutContentCoding } from "./content_coding.ts";
import { headerInjection } from "./crlf.ts";
import type { MessageScan, OutboundMessage, PlacedMatch, ScanOptions } from "./detector.ts";
import type { Match, Severity } from "./finding.ts";
import { partsOf } from "./multipart.ts";
import type { Scanner } from "./scanner.ts";

/** A piece of a request that is looked at on its own. */
interface Place {
  readonly place: string;
  readonly bytes: Uint8Array;
  /** Values of several fields, joined: what is only a pattern there may be two harmless halves. */
  readonly joined?: boolean;
}

/** Name that findings of header injection carry. */
export const CRLF = "crlf";

const ORDER: Readonly<Record<Severity, number>> = { block: 0, supervise: 1, warn: 2 };

/**
 * Looks at every part of a request: host and its labels, path, query, headers, the body as it is sent and decoded, and
 * the parts of a form; then at the values of the fields joined, since a value may be split over them.
 */
export function scanMessage(
  scanner: Scanner,
  message: OutboundMessage,
  options: ScanOptions,
): MessageScan {
  const injected = headerInjection(message);
  if (injected !== undefined) return { matches: [injection(injected, options)], incomplete: [] };
  const body = withoutContentCoding(
    message.body,
    headerValue(message, "content-encoding"),
    options.maxBody,
  );
  if ("refused" in body) return { matches: [], incomplete: [], body };
  const found = new Map<string, PlacedMatch>();
  const incomplete = new Set<string>();
  for (const { place, bytes, joined } of placesOf(message, body.bytes)) {
    const result = scanner.scan(bytes);
    if (result.incomplete !== undefined && joined !== true) {
      incomplete.add(`the ${place} has ${result.incomplete}`);
    }
    for (const match of result.matches) {
      if (joined === true && !saysMore(match, found)) continue;
      const placed = placedMatch(match, place, bytes, result.matches, scanner, options);
      const key = `${match.detector} ${match.rule} ${placed.fingerprint}`;
      const known = found.get(key);
      if (known === undefined || ORDER[match.severity] < ORDER[known.severity]) {
        found.set(key, placed);
      }
    }
  }
  const matches = [...found.values()].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  return { matches, incomplete: [...incomplete] };
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
  place: string,
  bytes: Uint8Array,
  others: readonly Match[],
  scanner: Scanner,
  { fingerprint }: ScanOptions,
): PlacedMatch {
  const value = match.detector === "token_patterns" || match.detector === "financial"
    ? bytes.subarray(match.start, match.end)
    : nameOf(match);
  return {
    ...match,
    place: place === "headers" ? headerPlace(bytes, match) : place,
    fingerprint: match.fingerprint ?? fingerprint(value),
    context: match.severity === "warn" ? "" : redactedContext(bytes, match, others, scanner),
  };
}

/** What stands for the value of a match whose rule names it: a known secret is the same in whatever form it appears. */
export function nameOf({ detector, rule }: Pick<Match, "detector" | "rule">): Uint8Array {
  return Buffer.from(`${detector} ${rule}`);
}

/** Fields whose names an event may tell; another name could be a part of what was found. */
const PLAIN_FIELDS =
  /^(?:accept|authorization|cookie|origin|referer|user-agent|x-api-key|api-key|x-auth-token|x-goog-api-key|private-token|content-(?:type|disposition|encoding))$/;

function headerPlace(bytes: Uint8Array, { start }: Match): string {
  const line = bytes.lastIndexOf(0x0a, start) + 1;
  const colon = bytes.indexOf(0x3a, line);
  if (colon < 0 || colon > start) return "headers";
  const name = Buffer.from(bytes.subarray(line, colon)).toString("latin1").toLowerCase();
  return PLAIN_FIELDS.test(name) ? `header ${name}` : "headers";
}

function* placesOf(message: OutboundMessage, body: Uint8Array): Generator<Place> {
  const { host, path, query, headers } = message;
  yield { place: "host", bytes: Buffer.from(host) };
  yield { place: "path", bytes: Buffer.from(path) };
  if (query !== "") yield { place: "query", bytes: Buffer.from(query) };
  const lines = headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
  yield { place: "headers", bytes: Buffer.from(lines, "latin1") };
  if (message.body.length > 0) yield* placesOfBody(message, body);
  yield { place: "request", bytes: Buffer.from(joinedValues(message), "latin1"), joined: true };
}

function* placesOfBody(message: OutboundMessage, body: Uint8Array): Generator<Place> {
  yield { place: "body", bytes: message.body };
  // Of a coded body both are looked at: what follows the end of the coded data is sent as well.
  if (body !== message.body) yield { place: "body", bytes: body };
  let parts = 0;
  for (const bytes of partsOf(body, headerValue(message, "content-type"))) {
    yield { place: `part ${++parts} of the body`, bytes };
  }
}

/** Labels of the host, path, values of the query, of the headers and of cookies, with nothing between them. */
function joinedValues({ host, path, query, headers }: OutboundMessage): string {
  const parts = [host.replaceAll(".", ""), path];
  for (const pair of query.slice(1).split("&")) parts.push(pair.slice(pair.indexOf("=") + 1));
  for (const { name, value } of headers) {
    if (name.toLowerCase() !== "cookie") parts.push(value);
    else for (const pair of value.split(";")) parts.push(pair.slice(pair.indexOf("=") + 1));
  }
  return parts.join("");
}

function headerValue({ headers }: OutboundMessage, wanted: string): string {
  let found = "";
  for (const { name, value } of headers) {
    if (name.toLowerCase() === wanted) found = found === "" ? value : `${found},${value}`;
  }
  return found;
}
