import type { BottleSpec } from "./spec.ts";

/** Where a further trust root is copied to, relative to the contract directory. */
export const UPSTREAM_CA = "config/upstream_ca.pem";

/** `routes.yaml`. JSON is YAML, so routes are written as JSON; no name of a host variable is in it. */
export function routesText({ routes }: Pick<BottleSpec, "routes">): string {
  return `${JSON.stringify({ routes }, null, 2)}\n`;
}

/**
 * `sidecar.json` of one bottle.
 *
 * @param egressSocket absolute path of the socket that the bottle reaches.
 */
export function sidecarText(slug: string, egressSocket: string, spec: BottleSpec): string {
  const sidecar = {
    version: 1,
    slug,
    listeners: { egress: { unix: egressSocket } },
    egress: {
      log: spec.log,
      upstream_ca: spec.upstreamCa === undefined ? undefined : UPSTREAM_CA,
      upstream_proxy: spec.upstreamProxy,
      hosts: spec.hosts,
    },
  };
  return `${JSON.stringify(sidecar, null, 2)}\n`;
}
