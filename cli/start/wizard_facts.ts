import { loadAgent } from "../../manifest/agent.ts";
import type { Catalog, CatalogEntry } from "../../manifest/catalog.ts";
import { infoLines } from "../../manifest/explain.ts";
import { BottleResolver, type ResolvedBottle } from "../../manifest/extends.ts";
import type { ManifestPlaces } from "../../manifest/places.ts";
import { nodeAt } from "../../manifest/sourced.ts";
import { chosenAgent } from "../agent_start.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { hostFiles } from "../manifest_files.ts";
import { isInstalled, wantedToolchain } from "../toolchain/folder.ts";
import type { Choice } from "../ui/choice.ts";
import { reasonOf } from "./reason.ts";
import type { Looked, LookedAgent, OpenedAgent } from "./wizard.ts";

/** What can be chosen, and where it is read from. */
export interface WizardCatalog {
  readonly catalog: Catalog;
  readonly places: ManifestPlaces;
}

/** Reads each bottle of a catalog once. */
export function bottleResolver({ catalog, places }: WizardCatalog): BottleResolver {
  return new BottleResolver(hostFiles, places, catalog.bottles);
}

/** What there is to know about an agent: its place, who runs it, its bottle. Never throws. */
export async function describeAgent(
  { catalog, places }: WizardCatalog,
  resolver: BottleResolver,
  { name, place: found, shadows }: CatalogEntry,
): Promise<string> {
  const place = shadows === undefined ? found : `${found}, in place of yours`;
  try {
    const { document: { bottle } } = await loadAgent(hostFiles, places, catalog, name);
    if (bottle === undefined) return `${place} · no bottle of its own`;
    const resolved = await resolver.resolve(bottle);
    return `${place} · ${providerName(resolved)} · ${bottle}`;
  } catch (error) {
    return `${place} · cannot be used: ${reasonOf(error)}`;
  }
}

function providerName({ tree }: ResolvedBottle): string {
  const template = nodeAt(tree, ["agent_provider", "template"]);
  return template?.kind === "scalar" ? String(template.value) : "command";
}

/**
 * An agent and the bottles that it can be started in, each with those that it extends, roots first.
 *
 * @throws BottleError when the agent's file cannot be used.
 */
export async function openAgent(from: WizardCatalog, name: string): Promise<OpenedAgent> {
  const { catalog, places } = from;
  const { document } = await loadAgent(hostFiles, places, catalog, name);
  const resolver = bottleResolver(from);
  const bottles: Choice[] = [];
  for (const { name: value } of catalog.bottles) {
    bottles.push({ value, hint: await lineageOf(resolver, value) });
  }
  return { name, own: document.bottle, bottles };
}

async function lineageOf(resolver: BottleResolver, name: string): Promise<string> {
  try {
    const { lineage } = await resolver.resolve(name);
    return lineage.length < 2 ? "" : lineage.map((entry) => entry.name).join(" > ");
  } catch (error) {
    return `cannot be used: ${reasonOf(error)}`;
  }
}

/**
 * What an agent would start with in these bottles; what is wrong with them is part of the answer.
 *
 * @param bottles in their order; none for the agent's own.
 */
export async function look(
  host: Host,
  agent: string,
  bottles: readonly string[],
): Promise<Looked> {
  try {
    return { agent, bottles, result: await lookedAgent(host, agent, bottles) };
  } catch (error) {
    return { agent, bottles, result: { error } };
  }
}

async function lookedAgent(
  host: Host,
  agent: string,
  bottles: readonly string[],
): Promise<LookedAgent> {
  const warnings: string[] = [];
  // They are said on the screen, not across it.
  const quiet = { ...host, log: { ...host.log, warn: (text: string) => void warnings.push(text) } };
  const chosen = await chosenAgent(quiet, { agent, bottles });
  return {
    chosen,
    warnings,
    toolchain: toolchainText(host, chosen.provider),
    manifest: infoLines(chosen.shown),
  };
}

function toolchainText(host: Host, provider: Parameters<typeof wantedToolchain>[1]): string {
  const toolchain = wantedToolchain(bottleHome(host), provider);
  if (toolchain === undefined) return `${provider.name}: programs of this machine`;
  const state = isInstalled(toolchain) ? "installed" : "will be installed";
  return `${provider.name} ${toolchain.version}, ${state}`;
}
