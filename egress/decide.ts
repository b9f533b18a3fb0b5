import { type Authority, type Host, isHostProblem, parseAuthority } from "../core/host_name.ts";
import { type CanonicalTarget, canonicalTarget } from "./canonical_target.ts";
import { type Denial, deny, isDenial } from "./denial.ts";
import { gitService } from "./git_over_http.ts";
import { type HeaderList, headerValues, listMembers } from "./header_list.ts";
import { findRoute, matchRoute, namesMethod, type Route, type RouteTable } from "./route_table.ts";

/** Where a request came in: inside an intercepted tunnel, or as plain http in absolute form. */
export type Scheme = "https" | "http";

/** A request head, whatever the protocol version, before anything was decided. */
export interface RequestSubject {
  readonly scheme: Scheme;
  /** The host and port that the tunnel was opened to, or that the absolute form names. */
  readonly authority: Authority;
  readonly method: string;
  /** Origin-form target. */
  readonly target: string;
  readonly headers: HeaderList;
  /** Whether the request is a WebSocket handshake (RFC 6455 section 4.1). */
  readonly webSocket: boolean;
}

/** A request that may be sent. */
export interface Permit {
  readonly route: Route;
  readonly target: CanonicalTarget;
}

const REGISTERED_METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"],
  ...[
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "MKCALENDAR",
  ], // WebDAV
]);

/** Most ranges in one request: overlapping ones make a small request a large answer (CVE-2011-3192). */
const MAX_RANGES = 32;

/** Decides whether a tunnel to `authority` may be opened: nothing is resolved, nothing is dialled. */
export function decideConnect(
  table: RouteTable,
  authorityText: string,
): { authority: Authority; route: Route } | Denial {
  const authority = parseAuthority(authorityText);
  if (isHostProblem(authority)) {
    return deny(
      authority.problem === "malformed" ? "malformed_request" : "host_not_allowed",
      authority.reason,
    );
  }
  const route = routeFor(table, authority.host);
  if (isDenial(route)) return route;
  if (!route.ports.includes(authority.port)) return portDenial(authority);
  return { authority, route };
}

/**
 * Decides on one request. Runs for every request of every connection, so that the second request of a tunnel
 * gets the same scrutiny as the first, and a reload takes effect at once.
 */
export function decideRequest(table: RouteTable, subject: RequestSubject): Permit | Denial {
  const { authority, method, headers } = subject;
  if (method === "TRACE") return deny("method_refused", "TRACE would echo the injected credential");
  if (method === "CONNECT" || method === "TRACK") {
    return deny("method_not_allowed", `${method} is not allowed inside a tunnel`);
  }
  const route = routeFor(table, authority.host);
  if (isDenial(route)) return route;
  const portAllowed = route.ports.includes(authority.port) ||
    (subject.scheme === "http" && authority.port === 80 && route.insecureHttp);
  if (!portAllowed) return portDenial(authority);
  if (subject.scheme === "http" && !route.insecureHttp) {
    return deny("http_not_allowed", `plain http is not allowed to ${authority.host.text}`);
  }
  const mismatch = subject.scheme === "https"
    ? authorityMismatch(authority, headerValues(headers, "host"))
    : undefined;
  if (mismatch?.code === "malformed_request") return mismatch;
  const target = canonicalTarget(subject.target);
  if (isDenial(target)) return target;
  if (target.path === "*" && method !== "OPTIONS") {
    return deny("malformed_request", "the target * belongs to OPTIONS alone");
  }
  if (listMembers(headers, "range").length > MAX_RANGES) {
    return deny("malformed_request", `the request asks for more than ${MAX_RANGES} ranges`);
  }
  const git = gitService(target.path, target.query);
  if (git === "push") {
    return deny("git_push_denied", "git push over http is not allowed through the proxy");
  }
  if (git === "fetch" && !route.gitFetch) {
    return deny("git_fetch_denied", `git fetch is not allowed from ${authority.host.text}`);
  }
  if (subject.webSocket && route.modelApi !== undefined) {
    return deny(
      "model_api_websocket",
      "what a WebSocket to a model API asks for is not looked at, so none is opened",
    );
  }
  const outcome = matchRoute(route, {
    method,
    path: target.matchPath,
    headers,
    webSocket: subject.webSocket,
  });
  switch (outcome) {
    case "matched":
      break;
    case "method":
      return deny(
        "method_not_allowed",
        `${method} is not allowed on this path of ${authority.host.text}`,
      );
    case "upgrade":
      return deny(
        "upgrade_not_allowed",
        `no match of the route for ${authority.host.text} allows a WebSocket here`,
      );
    case "other":
      return deny(
        "request_not_allowed",
        `no match of the route for ${authority.host.text} covers this request`,
      );
  }
  if (!REGISTERED_METHODS.has(method) && !namesMethod(route, method)) {
    return deny("method_refused", "the method is not registered and no match names it");
  }
  // Last, so that 421 (send it to the right host) is only said of a request that this host would get.
  return mismatch ?? { route, target };
}

function routeFor(table: RouteTable, host: Host): Route | Denial {
  const route = findRoute(table, host);
  if (route !== undefined) return route;
  return deny(
    "host_not_allowed",
    host.kind === "ip"
      ? `the address ${host.text} is not on the allowlist`
      : `${host.text} is not on the allowlist`,
  );
}

function portDenial({ host, port }: Authority): Denial {
  return deny("port_not_allowed", `port ${port} of ${host.text} is not allowed`);
}

/** A request in a tunnel must name the tunnel's own authority, once (RFC 9110 section 7.4: 421). */
export function authorityMismatch(
  authority: Authority,
  hosts: readonly string[],
): Denial | undefined {
  if (hosts.length !== 1) {
    return deny("malformed_request", "the request has no Host header, or more than one");
  }
  const named = parseAuthority(hosts[0]!, 443);
  if (isHostProblem(named)) {
    return deny("malformed_request", `the Host header is not valid: ${named.reason}`);
  }
  // A Host without a port means the scheme's own; clients leave it out for 443 only, yet some always do.
  const explicitPort = /:\d+$/.test(hosts[0]!);
  if (
    named.host.kind === authority.host.kind && named.host.text === authority.host.text &&
    (named.port === authority.port || !explicitPort)
  ) return undefined;
  return deny(
    "authority_mismatch",
    `the request names ${named.host.text}, but the tunnel leads to ${authority.host.text}`,
  );
}
