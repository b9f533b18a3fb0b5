import {
  type Host,
  hostMatches,
  type HostPattern,
  isHostProblem,
  parseHostPattern,
} from "../core/host_name.ts";
import type { LiveRoute } from "../core/live_route.ts";
import {
  bytesOf,
  compileLinearRegex,
  DEFAULT_MAX_BODY,
  type RouteDocument,
} from "../core/route.ts";
import { type HeaderList, headerValues } from "./header_list.ts";
import { type RouteModelApi, routeModelApi } from "./model_api/route_model_api.ts";

/** How a route adds its credential. */
export interface RouteAuth {
  readonly scheme: "Bearer" | "token" | "basic" | "header";
  /** Header that carries the credential. */
  readonly header: string;
  readonly tokenRef: string;
}

interface Match {
  readonly paths: readonly ((path: string) => boolean)[];
  readonly methods: ReadonlySet<string> | null;
  readonly headers: readonly ((headers: HeaderList) => boolean)[];
  readonly namesWebSocket: boolean;
}

/** A route ready to be evaluated. */
export interface Route {
  readonly pattern: HostPattern;
  /** The pattern as it was written, for events. */
  readonly label: string;
  readonly ports: readonly number[];
  readonly insecureHttp: boolean;
  readonly allowPrivate: boolean;
  readonly auth: RouteAuth | undefined;
  /** Null: every request. */
  readonly matches: readonly Match[] | null;
  readonly gitFetch: boolean;
  /** The model API that it leads to. */
  readonly modelApi: RouteModelApi | undefined;
  /** Headers, lower case, whose values every entry of `matches` prescribes: the operator's, not the agent's. */
  readonly prescribed: ReadonlySet<string>;
  readonly maxBody: number;
  /** When the route stops being one, milliseconds since the epoch; Infinity for most. */
  readonly expires: number;
  readonly document: LiveRoute;
}

/** The allowlist of one bottle: immutable, replaced as a whole. An empty one denies everything. */
export interface RouteTable {
  readonly routes: readonly Route[];
  /** Milliseconds since the epoch. Part of the table, so that no lookup can forget that routes end. */
  readonly now: () => number;
}

/** Compiles validated routes. Throws when a pattern cannot be compiled: a rule that cannot be evaluated stops the start. */
export function compileRoutes(
  documents: readonly LiveRoute[],
  now: () => number = Date.now,
): RouteTable {
  return { routes: documents.map(compileRoute), now };
}

function compileRoute(document: LiveRoute): Route {
  const pattern = parseHostPattern(document.host);
  if (isHostProblem(pattern)) {
    throw new TypeError(`Cannot compile host "${document.host}": ${pattern.reason}`);
  }
  return {
    pattern,
    label: document.host,
    ports: document.ports ?? [443],
    insecureHttp: document.insecure_http ?? false,
    allowPrivate: document.allow_private ?? false,
    auth: document.auth === undefined ? undefined : compileAuth(document.auth),
    matches: document.matches?.map(compileMatch) ?? null,
    gitFetch: document.git?.fetch ?? false,
    modelApi: routeModelApi(document),
    prescribed: prescribedHeaders(document.matches ?? []),
    maxBody: bytesOf(document.dlp?.max_body ?? DEFAULT_MAX_BODY),
    expires: document.expires === undefined ? Infinity : Date.parse(document.expires),
    document,
  };
}

function prescribedHeaders(entries: NonNullable<RouteDocument["matches"]>): ReadonlySet<string> {
  const named = entries.map(({ headers = [] }) =>
    new Set(headers.filter(({ type }) => type === "exact").map(({ name }) => name.toLowerCase()))
  );
  return named.reduce((all, each) => all.intersection(each), named[0] ?? new Set());
}

function compileAuth(auth: NonNullable<RouteDocument["auth"]>): RouteAuth {
  if (auth.scheme.startsWith("header:")) {
    return {
      scheme: "header",
      header: auth.scheme.slice("header:".length),
      tokenRef: auth.token_ref,
    };
  }
  return {
    scheme: auth.scheme as "Bearer" | "token" | "basic",
    header: "Authorization",
    tokenRef: auth.token_ref,
  };
}

function compileMatch(entry: NonNullable<RouteDocument["matches"]>[number]): Match {
  const headers = entry.headers ?? [];
  return {
    paths: (entry.paths ?? []).map(({ type, value }) => pathMatcher(type, value)),
    methods: entry.methods === undefined ? null : new Set(entry.methods),
    headers: headers.map(({ type, name, value }) => headerMatcher(type, name, value)),
    namesWebSocket: headers.some(({ name, value }) =>
      name.toLowerCase() === "upgrade" && /websocket/i.test(value)
    ),
  };
}

function pathMatcher(type: "prefix" | "exact" | "regex", value: string): (path: string) => boolean {
  if (type === "exact") return (path) => path === value;
  if (type === "prefix") return (path) => path.startsWith(value);
  const regex = compileLinearRegex(value);
  return (path) => regex.test(path);
}

function headerMatcher(
  type: "exact" | "regex",
  name: string,
  value: string,
): (headers: HeaderList) => boolean {
  const wanted = name.toLowerCase();
  const test = type === "exact"
    ? (text: string) => text === value
    : regexTest(compileLinearRegex(value));
  // Every line of a repeated header must match: a second line must not ride along unseen.
  return (headers) => {
    const values = headerValues(headers, wanted);
    return values.length > 0 && values.every(test);
  };
}

function regexTest(regex: RegExp): (text: string) => boolean {
  return (text) => regex.test(text);
}

/** The route of a host: an exact one before wildcards, the longest wildcard first, none that has ended. */
export function findRoute(table: RouteTable, host: Host): Route | undefined {
  let best: Route | undefined;
  for (const route of table.routes) {
    if (!hostMatches(route.pattern, host)) continue;
    if (route.expires !== Infinity && !(table.now() < route.expires)) continue;
    if (route.pattern.kind === "exact") return route;
    if (best === undefined || suffixLength(route) > suffixLength(best)) best = route;
  }
  return best;
}

function suffixLength(route: Route): number {
  return route.pattern.kind === "wildcard" ? route.pattern.suffix.length : Infinity;
}

/** A request as rules see it. */
export interface MatchSubject {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly webSocket: boolean;
}

/** The outcome of a route's `matches`. */
export type MatchResult = "matched" | "method" | "other" | "upgrade";

/**
 * Whether a request satisfies one entry of the route: one path, one method and every header.
 * A WebSocket leaves the request-response model, so where `matches` narrows a route, an entry must name it
 * (`headers: [{name: upgrade, value: websocket}]`).
 */
export function matchRoute(route: Route, subject: MatchSubject): MatchResult {
  if (route.matches === null) return "matched";
  let nearest: MatchResult = "other";
  for (const entry of route.matches) {
    if (entry.paths.length > 0 && !entry.paths.some((test) => test(subject.path))) continue;
    if (!entry.headers.every((test) => test(subject.headers))) continue;
    if (entry.methods !== null && !entry.methods.has(subject.method)) {
      nearest = "method";
      continue;
    }
    if (subject.webSocket && !entry.namesWebSocket) {
      nearest = "upgrade";
      continue;
    }
    return "matched";
  }
  return nearest;
}

/** Whether a route names a method in any entry; methods that no registry knows need that. */
export function namesMethod(route: Route, method: string): boolean {
  return route.matches?.some(({ methods }) => methods?.has(method) ?? false) ?? false;
}
