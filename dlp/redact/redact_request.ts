import { Buffer } from "node:buffer";
import { withoutContentCoding } from "../content_coding.ts";
import type { Scanner } from "../scanner.ts";
import { bodyFields } from "./body_fields.ts";
import { bodyBound, headBound } from "./bound_headers.ts";
import type { Cuts } from "./cuts.ts";
import { cutCopiesOf } from "./cut_copies.ts";
import type { Document } from "./field.ts";
import { findCuts } from "./find_cuts.ts";
import { isRefused, refusedMatches, saysMore } from "./refused_matches.ts";
import { headDocument, rewrittenHeaders } from "./head_fields.ts";
import { Unredactable } from "./unredactable.ts";
import { formFields, pathFields } from "./url_fields.ts";

/** A header field; further properties of it are kept. */
export interface RedactableHeader {
  readonly name: string;
  readonly value: string;
  readonly raw?: string;
}

/** What of a request can be rewritten: canonical, its body whole and still in its content coding. */
export interface RedactableRequest<Header extends RedactableHeader = RedactableHeader> {
  readonly path: string;
  /** With or without its question mark. */
  readonly query: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** The request with `count` values taken out, or why that cannot be done; never quotes a value. */
export type Redaction<Header extends RedactableHeader = RedactableHeader> =
  | {
    readonly path: string;
    readonly query: string;
    readonly headers: readonly Header[];
    readonly body: Uint8Array;
    readonly count: number;
  }
  | { readonly refused: string };

type Redacted<Header extends RedactableHeader> = RedactableRequest<Header> & { count: number };

/** How often a request is rewritten before it is given up: a marker may be all that made a neighbour a value. */
const MOST_ROUNDS = 3;
/** Bytes that a body may decode to. */
const LARGEST = 64 * 1024 * 1024;

/**
 * Takes everything that `scanner` finds (severity `block` or `supervise`) out of a request: `[redacted:<rule>]` stands in
 * its place, spelled as its place wants it, and every other byte of path, query, headers and decoded body is as it was.
 * The same text is rewritten to the same bytes in every request. A body that changed loses its content coding, and the
 * caller sets Content-Length.
 *
 * @returns `refused` when a value lies in a signed or binary part, in a number, in the name of a header, in what a
 * digest or signature covers, or when anything remains after three rounds.
 */
export function redactRequest<Header extends RedactableHeader>(
  request: RedactableRequest<Header>,
  scanner: Scanner,
): Redaction<Header> {
  const coding = values(request.headers, "content-encoding").join(",");
  const decoded = withoutContentCoding(request.body, coding, LARGEST);
  if (!("bytes" in decoded)) return { refused: "the body cannot be decoded" };
  try {
    let result: Redacted<Header> = { ...request, body: decoded.bytes, count: 0 };
    for (let round = 1;; round++) {
      const next = redactedOnce(result, scanner);
      result = { ...next, count: result.count + next.count };
      const left = whatRemains(result, scanner);
      if (left === undefined) break;
      if (round === MOST_ROUNDS || left.incomplete || next.count === 0) {
        return { refused: left.reason };
      }
    }
    // What follows the end of coded data is dropped with the coding.
    const trailing = decoded.bytes !== request.body &&
      refusedMatches(scanner, request.body).length > 0;
    if (result.body === decoded.bytes && !trailing) return { ...result, body: request.body };
    const bound = bodyBound(request.headers);
    if (bound !== undefined) throw new Unredactable(`${bound} covers the body as it was`);
    return {
      ...result,
      count: Math.max(result.count, 1),
      headers: result.headers.filter(({ name }) => name.toLowerCase() !== "content-encoding"),
    };
  } catch (error) {
    if (error instanceof Unredactable) return { refused: error.message };
    throw error;
  }
}

function redactedOnce<Header extends RedactableHeader>(
  request: RedactableRequest<Header>,
  scanner: Scanner,
): Redacted<Header> {
  const pathBytes = Buffer.from(request.path, "latin1");
  const queryBytes = Buffer.from(`?${request.query.replace(/^\?/, "")}`, "latin1");
  const body = bodyFields(request.body, values(request.headers, "content-type").join(","));
  const documents: Document[] = [
    { bytes: pathBytes, fields: pathFields(pathBytes) },
    { bytes: queryBytes, fields: formFields(queryBytes), splits: true },
    { ...headDocument(request.headers), splits: true },
    { bytes: request.body, fields: "fixed" in body ? [] : body },
  ];
  if ("fixed" in body && refusedMatches(scanner, request.body).length > 0) {
    throw new Unredactable(body.fixed);
  }
  const cuts = documents.map((document) => findCuts(document, scanner));
  cutCopiesOf(documents, cuts);
  const [path, query, head, main] = cuts as [Cuts, Cuts, Cuts, Cuts];
  if (path.length + query.length + head.length > 0) {
    const bound = headBound(request.headers, request.query);
    if (bound !== undefined) {
      throw new Unredactable(`${bound} covers the path, query and headers as they were`);
    }
  }
  const text = (cut: Cuts) => Buffer.from(cut.applied()).toString("latin1");
  return {
    path: path.length === 0 ? request.path : text(path),
    query: query.length === 0
      ? request.query
      : text(query).slice(request.query.startsWith("?") ? 0 : 1),
    headers: head.length === 0
      ? request.headers
      : rewrittenHeaders(request.headers, head.applied()),
    body: main.length === 0 ? request.body : main.applied(),
    count: cuts.reduce((sum, cut) => sum + cut.merged().length, 0),
  };
}

/** Why a request may not leave as it is; undefined when it may. */
function whatRemains(
  { path, query, headers, body }: RedactableRequest,
  scanner: Scanner,
): { reason: string; incomplete: boolean } | undefined {
  const cookies = values(headers, "cookie").join(";").split(";");
  const places: [place: string, content: string | Uint8Array, joined?: boolean][] = [
    ["path", path],
    ["query", `?${query.replace(/^\?/, "")}`],
    ["query", query.replace(/^\?/, "").split("&").map(afterEquals).join(""), true],
    ["headers", headers.map(({ name, value }) => `${name}: ${value}`).join("\n")],
    ["headers", headers.map(({ value }) => value).join(""), true],
    ["cookies", cookies.map(afterEquals).join(""), true],
    ["body", body],
  ];
  let doubt: string | undefined;
  for (const [place, content, joined] of places) {
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    const { matches, incomplete } = scanner.scan(bytes);
    if (matches.some((match) => joined === true ? saysMore(match) : isRefused(match))) {
      return { reason: `the ${place} still holds a value that may not leave`, incomplete: false };
    }
    if (incomplete !== undefined && joined !== true) doubt ??= `the ${place} has ${incomplete}`;
  }
  return doubt === undefined ? undefined : { reason: doubt, incomplete: true };
}

function afterEquals(pair: string): string {
  return pair.slice(pair.indexOf("=") + 1);
}

function values(headers: readonly RedactableHeader[], wanted: string): string[] {
  return headers.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value);
}
