import type { Json } from "../core/event.ts";
import { field, type HeaderField } from "./header_list.ts";
import { printable as printableText } from "../core/printable.ts";
import type { FindingRecord } from "./outbound/finding_record.ts";

/**
 * Every reason the proxy refuses or fails a request, with its status and the advice an agent gets.
 * Policy is never answered with 429 or a 5xx code, because clients retry those; 5xx is for upstreams.
 */
const DENIALS = {
  malformed_request: { status: 400, next: "send a well-formed HTTP/1.1 or HTTP/2 request" },
  path_not_canonical: {
    status: 400,
    next: "send the path without encoded separators or dot segments",
  },
  unsupported_transfer_coding: {
    status: 501,
    next: "use content-length or transfer-encoding: chunked",
  },
  unsupported_version: { status: 505, next: "use HTTP/1.1, or HTTP/2 by ALPN" },
  target_too_long: { status: 414, next: "send a shorter URL" },
  headers_too_large: { status: 431, next: "send fewer or smaller headers" },
  expectation_unknown: { status: 417, next: "send no Expect header other than 100-continue" },
  websocket_version: { status: 426, next: "use WebSocket version 13" },
  model_api_websocket: { status: 426, next: "send the request by POST and read an event stream" },
  model_api_tool: { status: 403, next: "do without what is done on the provider's side" },
  model_api_endpoint: { status: 403, next: "use the endpoints that answer with messages" },
  model_api_body: {
    status: 403,
    next:
      "send one JSON object in UTF-8, each name once, as application/json without a content coding",
  },
  proxy_auth_required: {
    status: 407,
    next: "send Proxy-Authorization with the password of this proxy",
  },
  host_not_allowed: { status: 403, next: "ask the operator for a route to this host" },
  port_not_allowed: {
    status: 403,
    next: "use a port of the route, or ask the operator to add this one",
  },
  http_not_allowed: { status: 403, next: "use https" },
  authority_mismatch: { status: 421, next: "open a tunnel to the host that the request names" },
  sni_mismatch: { status: 403, next: "use the host of the CONNECT request as the TLS server name" },
  method_not_allowed: { status: 403, next: "use a method that the route allows" },
  method_refused: { status: 405, next: "use a registered method other than TRACE" },
  request_not_allowed: {
    status: 403,
    next: "ask the operator for a match that covers this request",
  },
  upgrade_not_allowed: {
    status: 403,
    next: "ask the operator for a match with the header upgrade: websocket",
  },
  git_push_denied: { status: 403, next: "push through the git remote of the bottle" },
  git_fetch_denied: { status: 403, next: "ask the operator for git.fetch on this route" },
  address_not_allowed: { status: 403, next: "ask the operator for allow_private on this route" },
  credential_missing: {
    status: 403,
    next: "tell the operator that the credential of this route is not set",
  },
  detected: {
    status: 403,
    next: "take the value out of the request; do not send it in another form",
  },
  body_too_large: { status: 413, next: "send a smaller body, or ask the operator for max_body" },
  body_undecodable: {
    status: 415,
    next: "send the body without a content coding, or in gzip, deflate, br or zstd",
  },
  answer_refused: {
    status: 403,
    next: "do without this answer, or ask the operator to look at it",
  },
  record_failed: { status: 403, next: "tell the operator that the event log cannot be written" },
  upstream_unresolved: { status: 502, next: "check the host name; try again later" },
  upstream_unreachable: { status: 502, next: "try again later" },
  upstream_tls: {
    status: 502,
    next: "tell the operator: the upstream's certificate was not accepted",
  },
  upstream_protocol: {
    status: 502,
    next: "tell the operator: the upstream's answer is not valid HTTP",
  },
  upstream_timeout: { status: 504, next: "try again later" },
  internal_error: { status: 502, next: "tell the operator" },
  shutting_down: { status: 503, next: "the bottle is ending" },
} as const;

/** Stable name of a refusal: the value of `x-bot-bottle-denied` and of `error.code`. */
export type DenialCode = keyof typeof DENIALS;

/** Every code, for documentation and tests. */
export const DENIAL_CODES = Object.keys(DENIALS) as readonly DenialCode[];

/** A refusal as it is decided: pure data, written to the client and to the event log by others. */
export interface Denial {
  readonly code: DenialCode;
  readonly status: number;
  /** One sentence. */
  readonly reason: string;
  /** What to do next, where it is not what the code says. */
  readonly next?: string;
  /** What detectors found. */
  readonly findings?: readonly FindingRecord[];
}

/** Builds a refusal; the status follows from the code. */
export function deny(code: DenialCode, reason: string): Denial {
  return { code, status: DENIALS[code].status, reason };
}

/** Whether a decision is a refusal. */
export function isDenial(value: object): value is Denial {
  return "code" in value && "status" in value && "reason" in value;
}

/** Whether the same request can succeed later without a change of policy. */
function retryable(denial: Denial): boolean {
  return denial.status >= 502 && denial.status <= 504 && denial.code !== "upstream_tls";
}

/**
 * The JSON body of a refusal, for an agent to read.
 *
 * @param supervised whether the bottle has a supervise server, so that the agent can propose a route.
 */
export function denialBody(denial: Denial, host: string | undefined, supervised = false): string {
  const canPropose = supervised &&
    (denial.code === "host_not_allowed" || denial.code === "request_not_allowed" ||
      denial.code === "port_not_allowed" || denial.code === "git_fetch_denied" ||
      denial.code === "http_not_allowed" || denial.code === "method_not_allowed" ||
      denial.code === "upgrade_not_allowed" || denial.code === "model_api_tool");
  const error: Record<string, Json> = {
    type: "bot_bottle_denied",
    code: denial.code,
    ...(host === undefined ? {} : { host: printable(host) }),
    reason: printable(denial.reason),
    retryable: retryable(denial),
    next: canPropose
      ? "call the supervise tool egress-allow with the full routes.yaml and a justification"
      : denial.next ?? DENIALS[denial.code].next,
  };
  return JSON.stringify({ error }) + "\n";
}

/** Text on one line without control characters, at most 256 characters: it may come from the bottle and end in a terminal. */
export function printable(text: string): string {
  const clean = printableText(text.slice(0, 512)).replace(/[\t\n]/g, "\ufffd");
  return clean.length <= 256 ? clean : `${clean.slice(0, 256)}…`;
}

/** Headers of every refusal. */
export function denialHeaders(denial: Denial): HeaderField[] {
  const headers = [
    field("Content-Type", "application/json"),
    field("X-Bot-Bottle-Denied", denial.code),
    field("Cache-Control", "no-store"),
  ];
  if (denial.code === "method_refused") {
    headers.push(field("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
  }
  if (denial.code === "websocket_version") headers.push(field("Sec-WebSocket-Version", "13"));
  return headers;
}
