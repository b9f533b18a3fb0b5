import { readCatalog } from "../manifest/catalog.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import type { ManifestFiles } from "../manifest/files.ts";
import { loadManifest, type ManifestChoice } from "../manifest/load.ts";
import type { ManifestPlaces } from "../manifest/places.ts";
import { withProviderRoutes } from "../manifest/provider_routes.ts";
import { providerOf } from "../providers/registry.ts";

/** What a start would get, and what it would say to it. */
export interface JudgedManifest {
  /** As the manifests have it. */
  readonly declared: EffectiveManifest;
  readonly warnings: readonly string[];
}

/**
 * Judges a choice as a start does, up to what it needs of this machine: credentials, variables and mounts are not
 * looked up.
 *
 * @throws BottleError, exit code 3, as a start would.
 */
export async function judgeManifest(
  files: ManifestFiles,
  places: ManifestPlaces,
  choice: ManifestChoice,
): Promise<JudgedManifest> {
  const catalog = await readCatalog(files, places);
  const declared = await loadManifest(files, places, catalog, choice);
  const config = declared.bottle.agent_provider ?? { template: "command" };
  const provider = providerOf(config.template);
  const routes = provider.routes(config, undefined);
  const { warnings } = withProviderRoutes(declared, provider.name, routes, places);
  return { declared, warnings: warnings.map(({ message }) => message) };
}
