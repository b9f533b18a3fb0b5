import { Buffer } from "node:buffer";
import type { EgressPolicy } from "./policy.ts";

/** The name under which the proxy answers itself, on the plain-http side only. */
export const INTROSPECTION_HOST = "_egress.local";

/**
 * The live routes in the schema of `routes.yaml`, so that an agent can edit what it reads and propose it.
 * Credentials appear by their slot (`EGRESS_TOKEN_0`), never by value or by the host's name for them.
 *
 * @returns undefined for any other path.
 */
export function introspect(
  policy: EgressPolicy,
  method: string,
  target: string,
): Buffer | undefined {
  if ((method !== "GET" && method !== "HEAD") || target !== "/allowlist") return undefined;
  const routes = policy.table.routes.map(({ document }) => document);
  return Buffer.from(`${JSON.stringify({ routes }, null, 2)}\n`);
}
