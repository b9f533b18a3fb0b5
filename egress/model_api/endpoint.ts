import { grammarOf } from "./grammar.ts";
import type { RouteModelApi } from "./route_model_api.ts";

/**
 * What is done with a request by its method and path: its body is checked, it must have none, it passes as the route
 * says, or it is refused because nothing is known of what it does.
 */
export type EndpointRule = "check" | "bodiless" | "pass" | "files" | "unknown";

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
