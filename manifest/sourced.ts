import type { Position } from "../core/diagnostic.ts";
import type { YamlPath } from "../core/yaml.ts";
import type { ManifestSource } from "./source.ts";

/** Where a value came from: a place in a file, a provider's plan, or bot-bottle itself. */
export type Origin =
  | { readonly kind: "file"; readonly position: Position }
  | { readonly kind: "provider"; readonly name: string }
  | { readonly kind: "default" };

/** A value whose every part knows its origin. Merging moves nodes and never copies them: identity is kept. */
export type Sourced = SourcedScalar | SourcedList | SourcedMap;

export interface SourcedScalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly origin: Origin;
}

export interface SourcedList {
  readonly kind: "list";
  readonly items: readonly Sourced[];
  readonly origin: Origin;
}

export interface SourcedMap {
  readonly kind: "map";
  readonly members: ReadonlyMap<string, Sourced>;
  readonly origin: Origin;
}

/** The origin of what bot-bottle fills in. */
export const DEFAULT_ORIGIN: Origin = { kind: "default" };

/** A map without members. */
export const EMPTY_MAP: SourcedMap = { kind: "map", members: new Map(), origin: DEFAULT_ORIGIN };

/** `value` (what YAML or JSON can hold) with the origin that `originOf` gives for each path in it. */
export function sourced(
  value: unknown,
  originOf: (path: YamlPath) => Origin,
  path: YamlPath = [],
): Sourced {
  const origin = originOf(path);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => sourced(item, originOf, [...path, index]));
    return { kind: "list", items, origin };
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .map(([key, inner]) => [key, sourced(inner, originOf, [...path, key])] as const);
    return { kind: "map", members: new Map(members), origin };
  }
  return { kind: "scalar", value: (value ?? null) as SourcedScalar["value"], origin };
}

/** The top map of a manifest file that a schema has accepted. */
export function sourcedFile(source: ManifestSource): SourcedMap {
  const node = sourced(source.value, (path) => ({
    kind: "file",
    position: source.position(path),
  }));
  return node.kind === "map" ? node : EMPTY_MAP;
}

/** The value without its origins. */
export function plainValue(node: Sourced): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries([...node.members].map(([key, inner]) => [key, plainValue(inner)]));
}

/** The node at `path`; undefined when there is none. */
export function nodeAt(node: Sourced, path: YamlPath): Sourced | undefined {
  let at: Sourced | undefined = node;
  for (const step of path) {
    if (at?.kind === "map") at = at.members.get(String(step));
    else if (at?.kind === "list") at = at.items[Number(step)];
    else return undefined;
  }
  return at;
}

/** The origin of the node at `path`, or of its nearest ancestor. */
export function originAt(node: Sourced, path: YamlPath): Origin {
  for (let length = path.length; length > 0; length--) {
    const found = nodeAt(node, path.slice(0, length));
    if (found !== undefined) return found.origin;
  }
  return node.origin;
}

/** `map` with `node` at `path`; maps on the way are made where there are none. */
export function withNode(map: SourcedMap, path: readonly string[], node: Sourced): SourcedMap {
  const [step, ...rest] = path;
  if (step === undefined) return node.kind === "map" ? node : map;
  const members = new Map(map.members);
  const inner = members.get(step);
  const base: SourcedMap = inner?.kind === "map"
    ? inner
    : { kind: "map", members: new Map(), origin: node.origin };
  members.set(step, rest.length === 0 ? node : withNode(base, rest, node));
  return { ...map, members };
}

/** The place of an origin that is in a file; otherwise the file is a description such as `provider claude`. */
export function positionOf(origin: Origin): Position {
  if (origin.kind === "file") return origin.position;
  const file = origin.kind === "provider" ? `provider ${origin.name}` : "default";
  return { file, line: 1, column: 1 };
}

/** `file:line`, `provider NAME` or `default`. */
export function originText(origin: Origin): string {
  if (origin.kind === "file") return `${origin.position.file}:${origin.position.line}`;
  return origin.kind === "provider" ? `provider ${origin.name}` : "default";
}
