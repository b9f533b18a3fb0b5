import { nearest, type Position } from "../core/diagnostic.ts";
import { bottleFileSchema } from "./bottle_schema.ts";
import type { CatalogEntry } from "./catalog.ts";
import { checkSchema } from "./diagnose.ts";
import type { ManifestFiles } from "./files.ts";
import { foldBottles, mergeBottles } from "./merge.ts";
import type { ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { type ManifestSource, parseMarkdownSource, readManifestText } from "./source.ts";
import { sourcedFile, type SourcedMap } from "./sourced.ts";
import { requireTrustedFile } from "./trusted_file.ts";

/** One bottle that took part, with the budget that its own file declares. */
export interface LineageEntry {
  readonly name: string;
  readonly file: string;
  readonly budget: Readonly<Record<string, number>>;
}

/** A bottle with everything its parents give. */
export interface ResolvedBottle {
  readonly name: string;
  readonly tree: SourcedMap;
  /** Every bottle that took part, roots first, each once; the bottle itself is last. */
  readonly lineage: readonly LineageEntry[];
}

/** Who asks for a bottle, for error messages. */
export interface AskedBy {
  /** `agent NAME`, then the bottles on the way. */
  readonly chain: readonly string[];
  readonly position?: Position;
  readonly text?: string;
}

/** One parent that a bottle names. */
interface Parent {
  readonly name: string;
  readonly position: Position;
}

/**
 * Resolves `extends` over the bottles of one catalog. Each file is read and resolved once, so that the
 * nodes of a shared ancestor are the same nodes on every arm of a diamond.
 */
export class BottleResolver {
  readonly #files: ManifestFiles;
  readonly #places: ManifestPlaces;
  readonly #entries: ReadonlyMap<string, CatalogEntry>;
  readonly #resolved = new Map<string, ResolvedBottle>();
  readonly #texts = new Map<string, string>();

  constructor(files: ManifestFiles, places: ManifestPlaces, bottles: readonly CatalogEntry[]) {
    this.#files = files;
    this.#places = places;
    this.#entries = new Map(bottles.map((entry) => [entry.name, entry]));
  }

  /** The texts of the files read so far, for excerpts. */
  get texts(): ReadonlyMap<string, string> {
    return this.#texts;
  }

  /**
   * The bottle `name` with its parents folded in.
   *
   * @throws BottleError `manifest_extends` (a circle, an unknown or unusable entry; the message names the
   * chain), `manifest_schema`, `manifest_yaml`, `manifest_frontmatter`, `manifest_untrusted` or `manifest_unreadable`.
   */
  async resolve(name: string, by: AskedBy = { chain: [] }): Promise<ResolvedBottle> {
    const done = this.#resolved.get(name);
    if (done !== undefined) return done;
    const chain = [...by.chain, name];
    const entry = this.#entries.get(name);
    if (entry === undefined) throw unknownBottle(name, chain, [...this.#entries.keys()], by);
    await requireTrustedFile(this.#files, this.#places, entry);
    const text = await readManifestText(this.#files, entry.file);
    this.#texts.set(entry.file, text);
    const source = parseMarkdownSource(text, entry.file);
    const parents = parentsOf(source, chain);
    const document = checkSchema(bottleFileSchema, { ...source, textOf: () => text });
    const resolvedParents: ResolvedBottle[] = [];
    for (const parent of parents) {
      const place = { position: parent.position, text };
      refuseCircle(parent.name, chain, place);
      resolvedParents.push(await this.resolve(parent.name, { chain, ...place }));
    }
    const own = sourcedFile(source);
    const members = new Map([...own.members].filter(([key]) => key !== "extends"));
    const folded = foldBottles(resolvedParents.map((parent) => parent.tree));
    const self: LineageEntry = { name, file: entry.file, budget: document.budget ?? {} };
    const resolved: ResolvedBottle = {
      name,
      tree: mergeBottles(folded, { ...own, members }, "child"),
      lineage: mergeLineages([...resolvedParents.map((parent) => parent.lineage), [self]]),
    };
    this.#resolved.set(name, resolved);
    return resolved;
  }
}

/** Several lineages as one: each bottle once, where it first appears. */
export function mergeLineages(lineages: readonly (readonly LineageEntry[])[]): LineageEntry[] {
  const byName = new Map<string, LineageEntry>();
  for (const entry of lineages.flat()) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}

function parentsOf(source: ManifestSource, chain: readonly string[]): Parent[] {
  const top = source.value;
  if (typeof top !== "object" || top === null || !Object.hasOwn(top, "extends")) return [];
  const value = (top as { extends: unknown }).extends;
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  return entries.map((entry, index) => {
    const position = source.position(Array.isArray(value) ? ["extends", index] : ["extends"]);
    if (typeof entry === "string" && entry !== "") return { name: entry, position };
    const which = Array.isArray(value) ? `entry ${index + 1} of extends` : "extends";
    throw manifestError(
      "manifest_extends",
      `${which} must be the name of a bottle, found ${kindOf(entry)} (${arrows(chain)})`,
      { position, text: source.text, hint: "write extends: NAME or extends: [NAME, NAME]" },
    );
  });
}

function refuseCircle(name: string, chain: readonly string[], place: Omit<AskedBy, "chain">): void {
  const start = chain.indexOf(name);
  if (start < 0) return;
  const message = chain.at(-1) === name
    ? `Bottle ${JSON.stringify(name)} extends itself (${arrows([...chain, name])})`
    : `Bottles extend each other in a circle (${arrows([...chain.slice(start), name])})`;
  throw manifestError("manifest_extends", message, {
    ...place,
    hint: "take one of these names out of its extends",
  });
}

function unknownBottle(name: string, chain: readonly string[], known: string[], by: AskedBy) {
  const near = nearest(name, known);
  const listed = known.length === 0
    ? "there are no bottles yet; bot-bottle init makes one"
    : `the bottles are ${known.join(", ")}`;
  const way = chain.length > 1 ? ` (${arrows(chain)})` : "";
  return manifestError("manifest_extends", `Bottle ${JSON.stringify(name)} does not exist${way}`, {
    position: by.position,
    text: by.text,
    hint: near === undefined ? listed : `did you mean ${near}?`,
  });
}

function arrows(chain: readonly string[]): string {
  return chain.join(" → ");
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (value === "") return "an empty text";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `${typeof value} ${String(value)}`;
}
