import { type Bottle, bottleSchema } from "./bottle_schema.ts";
import { checkSchema } from "./diagnose.ts";
import type { LineageEntry } from "./extends.ts";
import { checkMerged } from "./final_checks.ts";
import type { ManifestPlaces } from "./places.ts";
import type { Settings } from "./settings_schema.ts";
import {
  DEFAULT_ORIGIN,
  nodeAt,
  originAt,
  plainValue,
  positionOf,
  sourced,
  type SourcedMap,
  withNode,
} from "./sourced.ts";
import { requireUniqueHosts } from "./unique_hosts.ts";

/** The agent's own part of an {@linkcode EffectiveManifest}. */
export interface EffectiveAgent {
  readonly name: string;
  readonly file: string;
  readonly place: "home" | "working directory";
  /** The file at home that it is used instead of. */
  readonly shadows?: string;
  readonly prompt: string;
  readonly skills: readonly string[];
  readonly budget: Readonly<Record<string, number>>;
  readonly tree: SourcedMap;
}

/** What one start would use: merged, complete, nothing resolved from the environment. */
export interface EffectiveManifest {
  /** Undefined for a bare command. */
  readonly agent: EffectiveAgent | undefined;
  /** Names of the bottles picked, in order. */
  readonly bottles: readonly string[];
  /** Every bottle that took part, roots first. */
  readonly lineage: readonly LineageEntry[];
  readonly bottle: Bottle;
  /** The same bottle with origins. */
  readonly tree: SourcedMap;
  readonly settings: Settings;
  readonly settingsTree: SourcedMap;
  /** Texts of the files that took part, by path, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

/** An effective manifest before its bottle is checked. */
export type UncheckedManifest = Omit<EffectiveManifest, "bottle">;

/**
 * Fills in settings and defaults and checks the bottle as a whole.
 *
 * @throws BottleError `manifest_schema`, `manifest_route_twice`, `manifest_mount` or `manifest_env`.
 */
export function completeManifest(
  parts: UncheckedManifest,
  places: ManifestPlaces,
): EffectiveManifest {
  const tree = withDefaults(withSettings(withoutEmptyUser(parts.tree), parts.settingsTree));
  requireUniqueHosts(tree, parts.texts);
  const bottle = checkSchema(bottleSchema, {
    value: plainValue(tree),
    position: (path) => positionOf(originAt(tree, path)),
    textOf: (file) => parts.texts.get(file),
  });
  checkMerged(bottle, tree, parts.texts, places);
  return { ...parts, tree, bottle };
}

/** What `settings.yml` says about every bottle stands where the bottle itself says nothing. */
function withSettings(tree: SourcedMap, settings: SourcedMap): SourcedMap {
  const places: Readonly<Record<string, readonly string[]>> = {
    shutdown: ["shutdown"],
    upstream_ca: ["egress", "upstream_ca"],
    upstream_proxy: ["egress", "upstream_proxy"],
  };
  return Object.entries(places).reduce((at, [key, path]) => {
    const node = settings.members.get(key);
    return node === undefined || nodeAt(at, path) !== undefined ? at : withNode(at, path, node);
  }, tree);
}

function withDefaults(tree: SourcedMap): SourcedMap {
  const defaults = [
    [["egress", "log"], 2],
    [["shutdown"], "cutoff"],
    [["supervise"], true],
  ] as const;
  return defaults.reduce(
    (at, [path, value]) =>
      nodeAt(at, path) === undefined
        ? withNode(at, path, sourced(value, () => DEFAULT_ORIGIN))
        : at,
    tree,
  );
}

/** An empty name or e-mail address means that nobody gave one. */
function withoutEmptyUser(tree: SourcedMap): SourcedMap {
  const user = nodeAt(tree, ["git-gate", "user"]);
  if (user?.kind !== "map") return tree;
  const members = new Map(
    [...user.members].filter(([, node]) => node.kind !== "scalar" || node.value !== ""),
  );
  return withNode(tree, ["git-gate", "user"], { ...user, members });
}
