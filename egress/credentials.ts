import { Buffer } from "node:buffer";
import { type Denial, deny, isDenial } from "./denial.ts";
import { field, foldedName, type HeaderField, type HeaderList } from "./header_list.ts";
import type { Route, RouteAuth } from "./route_table.ts";

/** Looks up a credential by its reference; undefined or empty means it is not set. */
export type TokenLookup = (tokenRef: string) => string | undefined;

/** Headers with which an agent could choose another route, method or identity on the upstream's side. */
const ROUTING_OVERRIDES =
  /^(?:forwarded|x-forwarded(?:-.+)?|x-(?:http-)?host(?:-override)?|x-original-.+|x-rewrite-ur[il]|x-real-ip|x-client-ip|x-cluster-client-ip|(?:fastly-)?client-ip|true-client-ip|cf-connecting-ip|x-remote-.+|x-envoy-.+|x-(?:http-)?(?:method|path)(?:-override)?|front-end-https)$/;

/** Headers that carry a credential of the agent's own; removed where the route adds the real one. */
const AGENT_CREDENTIALS =
  /^(?:authorization|proxy-authorization|x-api-key|api-key|x-goog-api-key|x-auth-token|x-access-token|private-token|job-token|x-gitlab-token|cookie)$/;

/** The same on a route to a model API, more widely: gateways have names of their own, and some choose an account. */
const MODEL_API_CREDENTIALS =
  /(?:^|-)(?:authorization|auth|api-?key|access-?key|subscription-key|token|secret|password|cookie)$|^openai-(?:organization|project)$|^anthropic-(?:organization|workspace|user-profile)-id$|^x-goog-user-project$/;

/** Headers with which gateways in front of model APIs are told where a request goes, or with whose key. */
const GATEWAY_TARGETS =
  /(?:^|-)(?:target|custom|api|upstream|provider)-(?:url|uri|host|base|endpoint)$|-virtual-key$|^x-portkey-(?:config|forward-headers)$/;

/** Parameters of a query that carry a credential wherever they stand, without separators and case (RFC 6750 section 2.3). */
const QUERY_CREDENTIALS =
  /^(?:x?(?:goog)?api|(?:ocpapim)?subscription|access|auth|oauth|private|job)(?:key|token)$/;

/** The same to a model API. Elsewhere these are often names of something else: `key` of a cache, `token` of a page. */
const MODEL_API_QUERY_CREDENTIALS = /^(?:key|token|auth(?:orization)?)$/;

/** APIs of Google take `key` for the credential that this header carries otherwise. */
const GOOGLE_HEADER = "x-goog-api-key";
const GOOGLE_HOST = /(?:^|\.)googleapis\.com$/;

/**
 * What an agent's headers keep on their way: without what it must not choose, and on a route with `auth` or to a model
 * API without credentials of its own. With such a one a request would go to somebody else's account.
 *
 * @param headers without hop-by-hop fields.
 */
export function withoutOverrides(
  headers: HeaderList,
  { auth, modelApi, prescribed }: Pick<Route, "auth" | "modelApi" | "prescribed">,
): HeaderField[] {
  const own = auth && foldedName(auth.header.toLowerCase());
  return headers.filter((header) => {
    const name = foldedName(header.name);
    if (ROUTING_OVERRIDES.test(name)) return false;
    if (own !== undefined && (name === own || AGENT_CREDENTIALS.test(name))) return false;
    if (modelApi === undefined) return true;
    if (GATEWAY_TARGETS.test(name)) return prescribed.has(header.name);
    // What every match asks for is the operator's own choice, where the route adds nothing.
    if (own === undefined && prescribed.has(header.name)) return true;
    return !AGENT_CREDENTIALS.test(name) && !MODEL_API_CREDENTIALS.test(name);
  });
}

/**
 * A query, with its question mark or empty, without credentials of the agent's own: on a route with `auth` or to a model
 * API. An upstream that is given two takes the one or the other.
 */
export function withoutQueryCredentials(
  query: string,
  route: Pick<Route, "auth" | "modelApi" | "label">,
): string {
  if (query === "" || (route.auth === undefined && route.modelApi === undefined)) return query;
  const kept = query.slice(1).split("&").map((part) => withoutCredentials(part, route))
    .filter((part) => part !== undefined);
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** What stands between two ampersands: one parameter, or several for servers that divide at semicolons too. */
function withoutCredentials(
  part: string,
  route: Pick<Route, "auth" | "modelApi" | "label">,
): string | undefined {
  const parameters = part.split(";");
  const kept = parameters.filter((parameter) => !isCredential(parameterName(parameter), route));
  if (kept.length === parameters.length) return part;
  return kept.length === 0 ? undefined : kept.join(";");
}

function isCredential(
  name: string,
  { auth, modelApi, label }: Pick<Route, "auth" | "modelApi" | "label">,
): boolean {
  if (QUERY_CREDENTIALS.test(name)) return true;
  if (modelApi !== undefined && MODEL_API_QUERY_CREDENTIALS.test(name)) return true;
  if (auth === undefined) return false;
  const header = auth.header.toLowerCase();
  // Under the name of the header that carries the real one, too.
  if (auth.scheme === "header" && name === letters(header)) return true;
  return name === "key" && (header === GOOGLE_HEADER || GOOGLE_HOST.test(label));
}

/** The name of a parameter by its letters alone. */
function parameterName(parameter: string): string {
  const decoded = parameter.split("=", 1)[0]!.replace(
    /%([0-9a-f]{2})/gi,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return letters(decoded.toLowerCase());
}

function letters(text: string): string {
  return text.replace(/[^a-z0-9]/g, "");
}

/**
 * The field that carries a route's credential: added last, after everything else was looked at; undefined for a route
 * without one.
 *
 * @param secure whether the request travels over TLS; a credential is never added otherwise.
 */
export function credentialField(
  { auth, label }: Route,
  secure: boolean,
  token: TokenLookup,
): HeaderField | Denial | undefined {
  if (auth === undefined || !secure) return undefined;
  const secret = token(auth.tokenRef);
  if (secret === undefined || secret === "") {
    return deny("credential_missing", `the credential of the route for ${label} is not set`);
  }
  const value = credentialValue(auth, secret);
  if (!/^[\x20-\x7e]+$/.test(value)) {
    return deny(
      "credential_missing",
      `the credential of the route for ${label} cannot stand in a header`,
    );
  }
  return field(auth.header, value);
}

/** The headers that go upstream: {@linkcode withoutOverrides}, then {@linkcode credentialField}. */
export function withCredentials(
  headers: HeaderList,
  route: Route,
  secure: boolean,
  token: TokenLookup,
): HeaderField[] | Denial {
  const credential = credentialField(route, secure, token);
  if (credential !== undefined && isDenial(credential)) return credential;
  const kept = withoutOverrides(headers, route);
  return credential === undefined ? kept : [...kept, credential];
}

/** The header value that carries `secret` under the route's scheme (RFC 6750, RFC 7617). */
export function credentialValue(auth: RouteAuth, secret: string): string {
  switch (auth.scheme) {
    case "Bearer":
    case "token":
      return `${auth.scheme} ${secret}`;
    case "basic": {
      // A bare token is a user name with an empty password; "user:password" is taken as it is.
      const pair = secret.includes(":") ? secret : `${secret}:`;
      return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
    }
    case "header":
      return secret;
  }
}
