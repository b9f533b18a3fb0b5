import { bytesOf } from "../core/route.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { type Catalog, readCatalog } from "../manifest/catalog.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import { refuseCopiedSecrets, resolveEnvironment } from "../manifest/environment.ts";
import { loadManifest, type ManifestChoice } from "../manifest/load.ts";
import { expandHome, type ManifestPlaces, manifestPlaces } from "../manifest/places.ts";
import { resolveMounts } from "../manifest/resolve_mounts.ts";
import { resolveTokens, sidecarRoutes, tokenRefs } from "../manifest/tokens.ts";
import type { ResourceLimits } from "../backends/backend.ts";
import type { BottleSpec } from "./bottle/spec.ts";
import type { Host } from "./context.ts";
import { gateSpec } from "./gate_spec.ts";
import { hostFiles } from "./manifest_files.ts";
import { sensitiveVariables } from "./sensitive.ts";
import { approvalTimes } from "./timeouts.ts";
import { weakSecretWarnings } from "./weak_secrets.ts";

/** What can be chosen here, with its warnings said. */
export async function hostCatalog(
  host: Host,
): Promise<{ catalog: Catalog; places: ManifestPlaces }> {
  const places = manifestPlaces(host.env, host.cwd);
  const catalog = await readCatalog(hostFiles, places);
  for (const { message } of catalog.warnings) host.log.warn(message);
  return { catalog, places };
}

/** The effective manifest of a choice; nothing of the environment is looked up. */
export async function chosenManifest(
  host: Host,
  choice: ManifestChoice,
): Promise<{ effective: EffectiveManifest; places: ManifestPlaces }> {
  const { catalog, places } = await hostCatalog(host);
  return { effective: await loadManifest(hostFiles, places, catalog, choice), places };
}

/**
 * Everything of an effective manifest that needs the host: credentials, environment, mounts, the further
 * trust root. Fails before the first question when anything is missing.
 *
 * @param given `--env` values.
 */
export async function resolveSpec(
  host: Host,
  effective: EffectiveManifest,
  places: ManifestPlaces,
  given: Readonly<Record<string, string>>,
): Promise<BottleSpec> {
  const tokens = resolveTokens(effective, host.env);
  const sensitive = sensitiveVariables(host);
  const credentials = tokenRefs(effective).map(({ variable, slot }) => ({
    name: variable,
    value: tokens[slot] ?? "",
  }));
  const secrets = [
    ...credentials,
    ...Object.entries(sensitive).map(([name, value]) => ({
      name: name.replace("BOT_BOTTLE_SENSITIVE_", ""),
      value,
    })),
  ];
  for (const warning of weakSecretWarnings(secrets)) host.log.warn(warning);
  const mounts = await resolveMounts(effective, hostFiles, places);
  const gate = gateSpec(effective, places, host);
  const { egress, resources } = effective.bottle;
  const upstreamCa = egress.upstream_ca === undefined
    ? undefined
    : await trustRoot(expandHome(egress.upstream_ca, places.userHome));
  const env = await resolveEnvironment(effective, {
    lookup: host.env,
    given,
    ...(host.terminal.interactive ? { ask: (name, question) => ask(host, name, question) } : {}),
  });
  refuseCopiedSecrets(effective, env, given, credentials);
  return {
    routes: sidecarRoutes(effective),
    tokens,
    sensitive,
    times: approvalTimes(host),
    log: egress.log,
    hosts: egress.hosts,
    env,
    mounts,
    limits: limitsOf(resources),
    services: [
      ...(gate === undefined ? [] : ["git-gate" as const]),
      ...(effective.bottle.supervise ? ["supervise" as const] : []),
    ],
    gitUser: effective.bottle["git-gate"].user,
    ...(gate === undefined ? {} : { gate }),
    ...(upstreamCa === undefined ? {} : { upstreamCa }),
    ...(egress.upstream_proxy === undefined ? {} : { upstreamProxy: egress.upstream_proxy }),
  };
}

async function trustRoot(path: string): Promise<string> {
  const text = await hostFiles.readText(path);
  if (text?.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new BottleError(
    `Cannot use ${path} as egress.upstream_ca: ${
      text === undefined ? "it is not there" : "it holds no PEM certificate"
    }`,
    { code: "upstream_ca", exit: ExitCode.manifest, hint: "name a file in PEM format" },
  );
}

async function ask(host: Host, name: string, question: string): Promise<string> {
  const answer = await host.terminal.askSecretly(`${question} (${name}): `);
  if (answer !== null) return answer;
  throw new BottleError(`No answer for ${name}`, {
    code: "interrupted",
    exit: ExitCode.interrupted,
  });
}

function limitsOf(
  resources: EffectiveManifest["bottle"]["resources"],
): ResourceLimits {
  const { memory, cpus, pids, disk } = resources;
  return {
    ...(memory === undefined ? {} : { memoryBytes: bytesOf(memory) }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(pids === undefined ? {} : { pids }),
    ...(disk === undefined ? {} : { diskBytes: bytesOf(disk) }),
  };
}
