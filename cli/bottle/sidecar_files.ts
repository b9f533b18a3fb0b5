import type { BottleSpec, GateSpec } from "./spec.ts";

/** Where a further trust root is copied to, relative to the contract directory. */
export const UPSTREAM_CA = "config/upstream_ca.pem";

/** Folder of the gate's mirrors, relative to the contract directory. */
const GATE_FOLDER = "gate";

function gateSection({ tools, repos }: GateSpec, allow: number | undefined) {
  return {
    gitgate: {
      dir: GATE_FOLDER,
      tools,
      timeouts: { allow },
      repos: repos.map(({ name, url, hostKey, refs, key, ...allowed }) => ({
        name,
        url,
        host_key: hostKey,
        refs,
        allow_delete: allowed.allowDelete,
        allow_force: allowed.allowForce,
        push_options: allowed.pushOptions,
        ...(key?.provider === "static" ? { identity_file: key.path } : {}),
        ...(key?.provider === "token" ? { token_ref: key.slot } : {}),
      })),
    },
    deploy_keys: repos.flatMap(({ name, key }) =>
      key === undefined || key.provider === "static" || key.provider === "token" ? [] : [{
        repo: name,
        provider: key.provider,
        token_ref: key.slot,
        variable: key.variable,
        api: key.api,
      }]
    ),
  };
}

/** `routes.yaml`. JSON is YAML, so routes are written as JSON; no name of a host variable is in it. */
export function routesText({ routes }: Pick<BottleSpec, "routes">): string {
  return `${JSON.stringify({ routes }, null, 2)}\n`;
}

/**
 * `sidecar.json` of one bottle.
 *
 * @param sockets folder of the sockets that the bottle reaches, absolute.
 */
export function sidecarText(slug: string, sockets: string, spec: BottleSpec): string {
  const sidecar = {
    version: 1,
    slug,
    listeners: {
      egress: { unix: `${sockets}/egress.sock` },
      ...(spec.services.includes("git-gate") ? { git: { unix: `${sockets}/git.sock` } } : {}),
      ...(spec.services.includes("supervise")
        ? { supervise: { unix: `${sockets}/supervise.sock` } }
        : {}),
    },
    egress: {
      log: spec.log,
      upstream_ca: spec.upstreamCa === undefined ? undefined : UPSTREAM_CA,
      upstream_proxy: spec.upstreamProxy,
      hosts: spec.hosts,
    },
    timeouts: { hold: spec.times.token, supervise: spec.times.supervise },
    ...(spec.gate === undefined ? {} : gateSection(spec.gate, spec.times.gitleaksAllow)),
  };
  return `${JSON.stringify(sidecar, null, 2)}\n`;
}
