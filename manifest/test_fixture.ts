import { readCatalog } from "./catalog.ts";
import type { EffectiveManifest } from "./effective.ts";
import { loadManifest, type ManifestChoice } from "./load.ts";
import { memoryFiles, type MemoryTree } from "./memory_files.ts";
import type { ManifestPlaces } from "./places.ts";

/** The places of every manifest test. */
export const PLACES: ManifestPlaces = {
  home: "/home/me/.bot-bottle",
  userHome: "/home/me",
  workingDirectory: "/src/app",
};

/** A path in the home folder: `home("bottles/dev.md")`. */
export function home(path: string): string {
  return `${PLACES.home}/${path}`;
}

/** A path in the working directory. */
export function here(path: string): string {
  return `${PLACES.workingDirectory}/${path}`;
}

/** A bottle file for each name, holding the given frontmatter. */
export function bottles(frontmatters: Readonly<Record<string, string>>): MemoryTree {
  return Object.fromEntries(
    Object.entries(frontmatters).map(([name, yaml]) => [
      home(`bottles/${name}.md`),
      `---\n${yaml}\n---\nText.\n`,
    ]),
  );
}

/** Lists and loads, as a command does. */
export async function load(tree: MemoryTree, choice: ManifestChoice): Promise<EffectiveManifest> {
  const files = memoryFiles(tree);
  return await loadManifest(files, PLACES, await readCatalog(files, PLACES), choice);
}

/** Loads a bottle named `dev` with the given frontmatter. */
export async function loadBottle(yaml: string, more: MemoryTree = {}): Promise<EffectiveManifest> {
  return await load({ ...bottles({ dev: yaml }), ...more }, { bottles: ["dev"] });
}
