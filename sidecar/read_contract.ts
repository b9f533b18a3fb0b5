import { createHash } from "node:crypto";
import { isAbsolute, join } from "node:path/posix";
import type { CertifiedKey } from "../core/certificate.ts";
import { checkSchema } from "../core/check_schema.ts";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { type SidecarConfig, sidecarConfigSchema } from "../core/sidecar_config.ts";
import type { TokenLookup } from "../egress/credentials.ts";
import { createPolicy, type EgressPolicy } from "../egress/policy.ts";
import { parseRoutesFile } from "../egress/routes_file.ts";

/** Everything that the host wrote for the sidecar, validated as a whole. */
export interface Contract {
  readonly config: SidecarConfig;
  readonly policy: EgressPolicy;
  readonly authority: CertifiedKey;
  /** PEM of further trust roots for upstreams. */
  readonly upstreamCa: string | undefined;
  readonly routeCount: number;
  /** SHA-256 (hex) of `routes.yaml` as it was read. */
  readonly routesHash: string;
}

/**
 * Reads `config/` of a contract directory.
 *
 * @throws BottleError that names file, line and key of the first thing that is wrong; nothing is used then.
 */
export function readContract(dir: string, token: TokenLookup): Contract {
  const config = readConfig(dir);
  const path = config.egress.upstream_ca;
  const routesText = readText(join(dir, ContractPath.routes));
  const routes = parseRoutesFile(routesText, ContractPath.routes, token);
  return {
    config,
    policy: createPolicy(routes, config.egress.log, token),
    authority: {
      certificate: readText(join(dir, ContractPath.caCertificate)),
      key: readText(join(dir, ContractPath.caKey)),
    },
    upstreamCa: path === undefined
      ? undefined
      : readText(isAbsolute(path) ? path : join(dir, path)),
    routeCount: routes.length,
    routesHash: createHash("sha256").update(routesText).digest("hex"),
  };
}

/**
 * Reads `config/sidecar.json` alone.
 *
 * @throws BottleError that names the key that is wrong.
 */
export function readConfig(dir: string): SidecarConfig {
  const text = readText(join(dir, ContractPath.sidecar));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BottleError(`Cannot read ${ContractPath.sidecar}: ${messageOf(error)}`, {
      code: "sidecar_config",
      exit: ExitCode.manifest,
    });
  }
  return checkSchema(sidecarConfigSchema, {
    value,
    position: () => ({ file: ContractPath.sidecar, line: 1, column: 1 }),
    textOf: () => undefined,
  }, {
    code: "sidecar_config",
    hint: "bot-bottle writes this file; it is made anew at the next start",
  });
}

/** @throws BottleError `unreadable` */
export function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(cause);
    throw new BottleError(`Cannot read ${path}: ${why}`, {
      code: "unreadable",
      exit: ExitCode.manifest,
      cause,
    });
  }
}
