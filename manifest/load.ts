import { loadAgent, type LoadedAgent } from "./agent.ts";
import { type Catalog, type CatalogEntry, withAgentsOf } from "./catalog.ts";
import { completeManifest, type EffectiveManifest } from "./effective.ts";
import { BottleResolver, mergeLineages, type ResolvedBottle } from "./extends.ts";
import type { ManifestFiles } from "./files.ts";
import { foldBottles, overlayGitUser } from "./merge.ts";
import type { ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { loadSettings } from "./settings.ts";
import { nodeAt } from "./sourced.ts";

/** What the operator chose. */
export interface ManifestChoice {
  /** Absent for a bare command, which needs no bottle either: it then runs with nothing allowed. */
  readonly agent?: string;
  /** Where it has to be from; without it the working directory goes first. */
  readonly agentPlace?: CatalogEntry["place"];
  /** Bottles in the order picked; when there are any, they replace the agent's own. */
  readonly bottles: readonly string[];
}

/**
 * Reads, merges and checks what `choice` would start with.
 *
 * Opens the files of this choice alone: a broken manifest elsewhere is not noticed.
 *
 * @throws BottleError, exit code 3, with the place of the first file that is wrong.
 */
export async function loadManifest(
  files: ManifestFiles,
  places: ManifestPlaces,
  catalog: Catalog,
  choice: ManifestChoice,
): Promise<EffectiveManifest> {
  const settings = await loadSettings(files, places);
  const from = choice.agentPlace === undefined ? catalog : withAgentsOf(catalog, choice.agentPlace);
  const agent = choice.agent === undefined
    ? undefined
    : await loadAgent(files, places, from, choice.agent);
  const resolver = new BottleResolver(files, places, catalog.bottles);
  const resolved = await resolveChoice(resolver, agent, choice.bottles);
  const folded = foldBottles(resolved.map((bottle) => bottle.tree));
  const user = agent === undefined ? undefined : nodeAt(agent.tree, ["git-gate", "user"]);
  const texts = new Map([...resolver.texts, [settings.file, settings.text]]);
  if (agent !== undefined) texts.set(agent.file, agent.text);
  return completeManifest({
    agent: agent === undefined ? undefined : {
      name: agent.name,
      file: agent.file,
      place: agent.place,
      ...(agent.shadows === undefined ? {} : { shadows: agent.shadows }),
      prompt: agent.prompt,
      skills: agent.document.skills ?? [],
      budget: agent.document.budget ?? {},
      tree: agent.tree,
    },
    bottles: resolved.map((bottle) => bottle.name),
    lineage: mergeLineages(resolved.map((bottle) => bottle.lineage)),
    tree: user?.kind === "map" ? overlayGitUser(folded, user) : folded,
    settings: settings.settings,
    settingsTree: settings.tree,
    texts,
  }, places);
}

async function resolveChoice(
  resolver: BottleResolver,
  agent: LoadedAgent | undefined,
  picked: readonly string[],
): Promise<ResolvedBottle[]> {
  const chain = agent === undefined ? [] : [`agent ${agent.name}`];
  if (picked.length > 0) {
    const resolved: ResolvedBottle[] = [];
    // The operator's own pick: the agent is not to blame when it does not exist.
    for (const name of picked) resolved.push(await resolver.resolve(name));
    return resolved;
  }
  if (agent === undefined) return [];
  const own = agent.document.bottle;
  if (own === undefined) {
    throw manifestError("manifest_no_bottle", `Agent ${JSON.stringify(agent.name)} has no bottle`, {
      hint: `add bottle: NAME to ${agent.file}, or pick one with --bottle NAME`,
    });
  }
  const position = agent.position(["bottle"]);
  return [await resolver.resolve(own, { chain, position, text: agent.text })];
}
