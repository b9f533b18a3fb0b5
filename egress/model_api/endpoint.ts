import { grammarOf } from "./grammar.ts";
import type { RouteModelApi } from "./route_model_api.ts";

/**
 * What is done with a request by its method and path: its body is checked, it must have none, it passes as the route
 * says, or it is refused because nothing is known of what it does.
 */
export type EndpointRule = "check" | "bodiless" | "pass" | "files" | "unknown";

/** Endpoints that look at a body and make no answer of a model. */
const COUNTING = /\/(?:count_tokens|input_tokens)$/;

/**
 * Whether a request that is answered uses tokens, as far as its endpoint is known.
 *
 * @param path canonical.
 */
export function usesTokens({ kind }: RouteModelApi, method: string, path: string): boolean {
  return method === "POST" && grammarOf(kind).endpoints.test(path) && !COUNTING.test(path);
}

/**
 * The rule of one request.
 *
 * @param path canonical.
 */
export function endpointRule(
  { kind, allow }: RouteModelApi,
  method: string,
  path: string,
): EndpointRule {
  const { endpoints, files } = grammarOf(kind);
  if (files.test(path)) return allow.has("files") ? "pass" : "files";
  if (endpoints.test(path) && method === "POST") return "check";
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "bodiless";
  return allow.has("hosted_tools") ? "pass" : "unknown";
}
