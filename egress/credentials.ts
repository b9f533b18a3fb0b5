import { Buffer } from "node:buffer";
import { type Denial, deny } from "./denial.ts";
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

/**
 * The headers that go upstream, in two steps that cannot be told apart afterwards: what the agent must not
 * choose is removed, then the route's credential is added last.
 *
 * @param headers without hop-by-hop fields.
 * @param secure whether the request travels over TLS; a credential is never added otherwise.
 */
export function withCredentials(
  headers: HeaderList,
  route: Route,
  secure: boolean,
  token: TokenLookup,
): HeaderField[] | Denial {
  const auth = route.auth;
  const own = auth && foldedName(auth.header.toLowerCase());
  const kept = headers.filter((header) => {
    const name = foldedName(header.name);
    return !ROUTING_OVERRIDES.test(name) &&
      !(own !== undefined && (name === own || AGENT_CREDENTIALS.test(name)));
  });
  if (auth === undefined || !secure) return kept;
  const secret = token(auth.tokenRef);
  if (secret === undefined || secret === "") {
    return deny("credential_missing", `the credential of the route for ${route.label} is not set`);
  }
  const value = credentialValue(auth, secret);
  if (!/^[\x20-\x7e]+$/.test(value)) {
    return deny(
      "credential_missing",
      `the credential of the route for ${route.label} cannot stand in a header`,
    );
  }
  kept.push(field(auth.header, value));
  return kept;
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
