import { join } from "node:path/posix";
import { BottlePath, SERVICES } from "../backends/bottle_paths.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { printableLine } from "../core/printable.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import type { ManifestChoice } from "../manifest/load.ts";
import type { ManifestPlaces } from "../manifest/places.ts";
import { refuseProviderNames } from "../manifest/environment.ts";
import { withProviderRoutes } from "../manifest/provider_routes.ts";
import {
  NO_CREDENTIAL,
  type Provider,
  type ProviderConfig,
  type ProviderCredential,
} from "../providers/provider.ts";
import { providerOf } from "../providers/registry.ts";
import { followPlan, newHome } from "./bottle/provider_files.ts";
import type { AgentSpec, BottleSpec } from "./bottle/spec.ts";
import type { Host } from "./context.ts";
import { chosenManifest, resolveSpec } from "./load_spec.ts";
import { checkArguments } from "./start/argument_size.ts";
import { credentialSources } from "./start/credential_sources.ts";
import { beginLook, ensureToolchain } from "./toolchain/ensure.ts";
import { lastSession } from "./transcript/last_session.ts";

/** An agent that was chosen, and who runs it. */
export interface ChosenAgent {
  readonly provider: Provider;
  readonly config: ProviderConfig;
  /** As the manifest has it. */
  readonly declared: EffectiveManifest;
  /** With the provider's routes, to be shown; of the credential no more than its kind was looked at. */
  readonly shown: EffectiveManifest;
  readonly places: ManifestPlaces;
}

/** What one start asks of an agent. */
export interface AgentRequest {
  /** `--env` values. */
  readonly given: Readonly<Record<string, string>>;
  readonly prompt: string | undefined;
  /** The home that a resumed agent will find, a folder of the host; undefined for a new bottle. */
  readonly resumedHome: string | undefined;
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
  const form = provider.form?.(config, credentialSources(host, places.userHome));
  const kind = form === undefined ? undefined : { ...NO_CREDENTIAL, form };
  const { effective: shown, warnings } = withRoutes(effective, places, provider, config, kind);
  for (const { message } of warnings) host.log.warn(message);
  return { provider, config, declared: effective, shown, places };
}

/**
 * Everything that a chosen agent needs: credential, environment, files, and the CLI, which is installed when it is
 * not there. Fails before the installation when something of the manifest is missing.
 */
export async function prepareAgent(
  host: Host,
  { provider, config, declared, shown, places }: ChosenAgent,
  request: AgentRequest,
): Promise<{ spec: BottleSpec; argv: readonly string[] }> {
  const look = beginLook(host, provider);
  const sources = credentialSources(host, places.userHome);
  const credential = provider.credential?.(config, sources) ?? NO_CREDENTIAL;
  const { effective } = withRoutes(declared, places, provider, config, credential);
  refuseOtherHosts(shown, effective);
  const env = (name: string) =>
    Object.hasOwn(credential.tokens, name) ? credential.tokens[name] : host.env(name);
  const { prompt, resumedHome, label, color, given } = request;
  const session = resumedHome === undefined || provider.transcripts === undefined
    ? undefined
    : await lastSession(resumedHome, provider.transcripts);
  const isResumed = resumedHome !== undefined;
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
    // Where nothing was said, there is nothing to go on with: the CLIs would end, or ask.
    resumed: isResumed && (provider.transcripts === undefined || session !== undefined),
    session,
    label,
    color,
  });
  refuseProviderNames(effective, given, plan.env, provider.name);
  const skills = skillFolders(effective, provider, places);
  const spec = await resolveSpec({ ...host, env }, effective, places, given);
  const whole = { ...plan.env, ...spec.env };
  checkArguments({
    provider: provider.name,
    argv: plan.argv,
    env: whole,
    prompt,
    file: effective.agent?.file,
  });
  const toolchain = await ensureToolchain(host, provider, look);
  const start = isResumed ? await followPlan(plan.home, plan.argv) : { fixed: {}, argv: plan.argv };
  const fixed = plan.fixed.map(({ path, content }) => [path, content] as const);
  const agent: AgentSpec = {
    ...(toolchain === undefined ? {} : { toolchain: toolchain.folder }),
    fixed: { ...Object.fromEntries(fixed), ...start.fixed },
    home: await newHome(plan.home),
    skills,
  };
  return { spec: { ...spec, env: whole, agent }, argv: start.argv };
}

/** What is shown is what runs. Throws BottleError `provider_credential` when the login has changed meanwhile. */
function refuseOtherHosts(shown: EffectiveManifest, effective: EffectiveManifest): void {
  const hosts = ({ bottle }: EffectiveManifest) => bottle.egress.routes.map(({ host }) => host);
  const before = new Set(hosts(shown));
  const other = hosts(effective).find((host) => !before.has(host));
  if (other === undefined) return;
  throw new BottleError(`Cannot start: the credential leads to ${other}, which was not shown`, {
    code: "provider_credential",
    exit: ExitCode.manifest,
    hint: "the login on this machine has changed meanwhile; start again",
  });
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
