import { join } from "node:path/posix";
import type { FolderEntry, ManifestFiles } from "./files.ts";
import { manifestName } from "./manifest_name.ts";
import type { ManifestPlaces } from "./places.ts";
import { printableLine } from "../core/printable.ts";
import { manifestError, type ManifestWarning } from "./problem.ts";

/** An agent or bottle that could be chosen; its file has not been opened. */
export interface CatalogEntry {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly place: "home" | "working directory";
  /** The file of the same name that this one hides. */
  readonly shadows?: string;
}

/** What can be chosen here. Lists are sorted by name. */
export interface Catalog {
  readonly agents: readonly CatalogEntry[];
  readonly bottles: readonly CatalogEntry[];
  readonly warnings: readonly ManifestWarning[];
}

/**
 * Lists agents and bottles by file name; no manifest is opened, so a broken one hides nothing.
 *
 * Bottles come from the home folder alone: they decide what may leave the machine, and the working
 * directory is written by others. There, links are not followed either.
 *
 * @throws BottleError `manifest_legacy` when a `bot-bottle.json` has no folder beside it.
 */
export async function readCatalog(files: ManifestFiles, places: ManifestPlaces): Promise<Catalog> {
  await refuseLegacy(files, places);
  const warnings: ManifestWarning[] = [];
  const bottles = await homeEntries(files, join(places.home, "bottles"), warnings);
  const agents = new Map<string, CatalogEntry>();
  for (const entry of await homeEntries(files, join(places.home, "agents"), warnings)) {
    agents.set(entry.name, entry);
  }
  for (const entry of await workingDirectoryAgents(files, places, warnings)) {
    const hidden = agents.get(entry.name);
    agents.set(entry.name, hidden === undefined ? entry : { ...entry, shadows: hidden.file });
  }
  return { agents: [...agents.values()].sort(byName), bottles: bottles.sort(byName), warnings };
}

/**
 * The catalog with agents of one place alone: who knows which file an agent came from is given no other of its name.
 */
export function withAgentsOf(catalog: Catalog, place: CatalogEntry["place"]): Catalog {
  const agents = catalog.agents.flatMap((entry): CatalogEntry[] => {
    if (entry.place === place) return [entry];
    return place === "home" && entry.shadows !== undefined
      ? [{ name: entry.name, file: entry.shadows, place }]
      : [];
  });
  return { ...catalog, agents };
}

const byName = (a: CatalogEntry, b: CatalogEntry) => a.name < b.name ? -1 : 1;

async function homeEntries(
  files: ManifestFiles,
  folder: string,
  warnings: ManifestWarning[],
): Promise<CatalogEntry[]> {
  // The operator's own links (a folder of dotfiles) are the operator's choice.
  const entries = await files.listNames(folder) ?? [];
  return named(folder, entries, ["file", "symlink"], "home", warnings);
}

async function workingDirectoryAgents(
  files: ManifestFiles,
  places: ManifestPlaces,
  warnings: ManifestWarning[],
): Promise<CatalogEntry[]> {
  const root = join(places.workingDirectory, ".bot-bottle");
  const rootKind = await files.kindOf(root);
  if (rootKind === undefined) return [];
  const home = await files.realPath(places.home);
  if (home !== undefined && await files.realPath(root) === home) return [];
  const folder = join(root, "agents");
  if (rootKind === "folder" && await files.kindOf(join(root, "bottles")) !== undefined) {
    warnings.push({
      code: "bottles_ignored",
      message: printableLine(
        `Ignoring ${join(root, "bottles")}: bottles are read from ${
          join(places.home, "bottles")
        } only`,
      ),
    });
  }
  for (const path of [root, folder]) {
    const kind = await files.kindOf(path);
    if (kind === "folder") continue;
    if (kind !== undefined) {
      const what = kind === "symlink" ? "a symbolic link" : "not a folder";
      warnings.push({
        code: "folder_ignored",
        message: printableLine(`Ignoring ${path}: it is ${what}`),
      });
    }
    return [];
  }
  const entries = await files.listNames(folder) ?? [];
  return named(folder, entries, ["file"], "working directory", warnings);
}

function named(
  folder: string,
  entries: readonly FolderEntry[],
  kinds: readonly FolderEntry["kind"][],
  place: CatalogEntry["place"],
  warnings: ManifestWarning[],
): CatalogEntry[] {
  const found: CatalogEntry[] = [];
  for (const entry of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const file = join(folder, entry.name);
    const name = manifestName(entry.name);
    if (name !== undefined && kinds.includes(entry.kind)) {
      found.push({ name, file, place });
      continue;
    }
    const reason = name === undefined
      ? "a manifest is named in lower-case letters, digits and hyphens, and ends in .md"
      : entry.kind === "symlink"
      ? "it is a symbolic link"
      : "it is not a file";
    warnings.push({ code: "file_skipped", message: printableLine(`Skipping ${file}: ${reason}`) });
  }
  return found;
}

async function refuseLegacy(files: ManifestFiles, places: ManifestPlaces): Promise<void> {
  const folders = [
    [places.workingDirectory, join(places.workingDirectory, ".bot-bottle")],
    [places.userHome, places.home],
  ] as const;
  for (const [beside, folder] of folders) {
    const legacy = join(beside, "bot-bottle.json");
    if (await files.kindOf(legacy) === undefined) continue;
    if (await files.kindOf(folder) !== undefined) continue;
    throw manifestError(
      "manifest_legacy",
      `Cannot use ${legacy}: manifests are Markdown files now`,
      {
        hint: `move each bottle to ${join(places.home, "bottles", "NAME.md")} and each agent to ${
          join(folder, "agents", "NAME.md")
        }, then delete bot-bottle.json; docs/manifest.md shows both`,
      },
    );
  }
}
