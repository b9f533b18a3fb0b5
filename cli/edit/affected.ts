import type { Catalog } from "../../manifest/catalog.ts";
import type { EffectiveManifest } from "../../manifest/effective.ts";
import type { ManifestFiles } from "../../manifest/files.ts";
import { loadManifest, type ManifestChoice } from "../../manifest/load.ts";
import type { ManifestPlaces } from "../../manifest/places.ts";
import type { StateOnDisk } from "../bottle/find_bottles.ts";

/** The effective manifest of a choice; undefined when it cannot be loaded, for whatever reason. */
export async function loadedOrNot(
  files: ManifestFiles,
  places: ManifestPlaces,
  catalog: Catalog,
  choice: ManifestChoice,
): Promise<EffectiveManifest | undefined> {
  try {
    return await loadManifest(files, places, catalog, choice);
  } catch {
    return undefined;
  }
}

/** Agents that work in a bottle, by way of its children too; those that cannot be loaded are left out. */
export async function agentsIn(
  bottle: string,
  files: ManifestFiles,
  places: ManifestPlaces,
  catalog: Catalog,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of catalog.agents) {
    const loaded = await loadedOrNot(files, places, catalog, { agent: name, bottles: [] });
    if (loaded?.lineage.some((entry) => entry.name === bottle) === true) found.push(name);
  }
  return found;
}

/** Running bottles that were started from a manifest, by slug. */
export async function runningWith(
  what: { readonly agent: string } | { readonly bottle: string },
  states: readonly StateOnDisk[],
  files: ManifestFiles,
  places: ManifestPlaces,
  catalog: Catalog,
): Promise<string[]> {
  const found: string[] = [];
  for (const { slug, state, record } of states) {
    if (state !== "running" || record === undefined) continue;
    if ("agent" in what) {
      if (record.agent === what.agent) found.push(slug);
      continue;
    }
    const loaded = await loadedOrNot(files, places, catalog, { bottles: record.bottles });
    const lineage = loaded?.lineage.map(({ name }) => name) ?? record.bottles;
    if (lineage.includes(what.bottle)) found.push(slug);
  }
  return found;
}
