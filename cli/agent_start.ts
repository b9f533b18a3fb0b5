import { join } from "node:path/posix";
import { BottlePath, SERVICES } from "../backends/bottle_paths.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { printableLine } from "../core/printable.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import type { ManifestChoice } from "../manifest/load.ts";
import type { ManifestPlaces } from "../manifest/places.ts";
import { withProviderRoutes } from "../manifest/provider_routes.ts";
import {
  NO_CREDENTIAL,
  type Provider,
  type ProviderConfig,
  type ProviderCredential,
} from "../providers/provider.ts";
import { providerOf } from "../providers/registry.ts";
import type { AgentSpec, BottleSpec } from "./bottle/spec.ts";
import type { Host } from "./context.ts";
import { chosenManifest, resolveSpec } from "./load_spec.ts";
import { ensureToolchain } from "./toolchain/ensure.ts";

/** An agent that was chosen, and who runs it. */
export interface ChosenAgent {
  readonly provider: Provider;
  readonly config: ProviderConfig;
  /** As the manifest has it. */
  readonly declared: EffectiveManifest;
  /** With the provider's routes, to be shown; no credential was looked at. */
  readonly shown: EffectiveManifest;
  readonly places: ManifestPlaces;
}

/** What one start asks of an agent. */
export interface AgentRequest {
  /** `--env` values. */
  readonly given: Readonly<Record<string, string>>;
  readonly prompt: string | undefined;
  readonly resumed: boolean;
  readonly label: string;
  readonly color: string | undefined;
}

/** The effective manifest of a choice and its provider; warnings are said. */
export async function chosenAgent(host: Host, choice: ManifestChoice): Promise<ChosenAgent> {
  const { effective, places } = await chosenManifest(host, choice);
  const config: ProviderConfig = effective.bottle.agent_provider ?? { template: "command" };
  const provider = providerOf(config.template);
  const { agent } = effective;
  if (agent?.shadows !== undefined) {
    host.log.warn(
      printableLine(`agent ${agent.name} is ${agent.file}, in place of ${agent.shadows}`),
    );
  }
  const { effective: shown, warnings } = withRoutes(effective, places, provider, config, undefined);
  for (const { message } of warnings) host.log.warn(message);
  return { provider, config, declared: effective, shown, places };
}

/**
 * Everything that a chosen agent needs: credential, environment, files, and the CLI, which is installed when it is
 * not there. Fails before the installation when something of the manifest is missing.
 */
export async function prepareAgent(
  host: Host,
  { provider, config, declared, places }: ChosenAgent,
  request: AgentRequest,
): Promise<{ spec: BottleSpec; argv: readonly string[] }> {
  const credential = provider.credential?.(config, {
    variable: host.env,
    homeFile: (path) => readText(join(places.userHome, path)),
    now: host.clock.now(),
  }) ?? NO_CREDENTIAL;
  const { effective } = withRoutes(declared, places, provider, config, credential);
  const env = (name: string) =>
    Object.hasOwn(credential.tokens, name) ? credential.tokens[name] : host.env(name);
  const spec = await resolveSpec({ ...host, env }, effective, places, request.given);
  const skills = skillFolders(effective, provider, places);
  const toolchain = await ensureToolchain(host, provider);
  const { prompt, resumed, label, color } = request;
  const plan = provider.plan({
    config,
    credential,
    places: {
      home: BottlePath.home,
      workspace: BottlePath.workspace,
      fixed: BottlePath.agentFiles,
      bin: `${BottlePath.toolchain}/bin`,
      supervise: effective.bottle.supervise ? SUPERVISE_URL : undefined,
    },
    systemPrompt: effective.agent?.prompt ?? "",
    prompt,
    resumed,
    label,
    color,
  });
  const agent: AgentSpec = {
    ...(toolchain === undefined ? {} : { toolchain: toolchain.folder }),
    fixed: Object.fromEntries(plan.fixed.map(({ path, content }) => [path, content])),
    home: Object.fromEntries(plan.home.map(({ path, content }) => [path, content])),
    skills,
  };
  return { spec: { ...spec, env: { ...plan.env, ...spec.env }, agent }, argv: plan.argv };
}

/** The supervise server's endpoint as a bottle sees it. */
const SUPERVISE_URL = `http://supervise:${
  SERVICES.find(({ name }) => name === "supervise")!.port
}/mcp`;

function withRoutes(
  effective: EffectiveManifest,
  places: ManifestPlaces,
  provider: Provider,
  config: ProviderConfig,
  credential: ProviderCredential | undefined,
) {
  const routes = provider.routes(config, credential);
  return routes.length === 0
    ? { effective, warnings: [] }
    : withProviderRoutes(effective, provider.name, routes, places);
}

/** Where the operator keeps skills, relative to their home; one place for every provider. */
const SKILLS = ".claude/skills";

/**
 * The folders of an agent's skills and where its CLI looks for them.
 *
 * @throws BottleError `no_skill`.
 */
function skillFolders(
  { agent }: EffectiveManifest,
  provider: Provider,
  { userHome }: ManifestPlaces,
): AgentSpec["skills"] {
  const names = agent?.skills ?? [];
  if (provider.skills === undefined) return [];
  return names.map((name) => {
    const from = join(userHome, SKILLS, name);
    if (isFolder(from)) return { from: Deno.realPathSync(from), to: `${provider.skills}/${name}` };
    throw new BottleError(`Cannot give the agent skill ${name}: ${from} is no folder`, {
      code: "no_skill",
      exit: ExitCode.manifest,
      hint: `write the skill, or take it out of skills in ${agent!.file}`,
    });
  });
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
