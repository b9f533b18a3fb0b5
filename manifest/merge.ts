import { EMPTY_MAP, type Sourced, type SourcedList, type SourcedMap } from "./sourced.ts";

/** `fold`: a later parent over an earlier one. `child`: a bottle over its folded parents. */
export type MergeMode = "fold" | "child";

/** How the upper of two values of one field meets the lower. */
type MergeRule = (lower: Sourced, upper: Sourced, mode: MergeMode) => Sourced;

const replace: MergeRule = (_lower, upper) => upper;

/** Members of both; `inner` decides where both have one. */
function byKey(inner: MergeRule): MergeRule {
  return fields({}, inner);
}

/** As {@linkcode byKey}, with a rule of its own for some members. */
function fields(rules: Readonly<Record<string, MergeRule>>, other: MergeRule): MergeRule {
  return (lower, upper, mode) => {
    if (lower.kind !== "map" || upper.kind !== "map") return upper;
    const members = new Map(lower.members);
    for (const [key, above] of upper.members) {
      const below = members.get(key);
      const rule = rules[key] ?? other;
      members.set(key, below === undefined ? above : rule(below, above, mode));
    }
    const origin = upper.members.size === 0 ? lower.origin : upper.origin;
    return { kind: "map", members, origin } satisfies SourcedMap;
  };
}

const nonEmptyWins: MergeRule = (lower, upper) =>
  upper.kind === "scalar" && upper.value === "" ? lower : upper;

// A node that reaches the same place along two arms of a diamond is one declaration, not two.
const concatenate: MergeRule = (lower, upper) => {
  if (lower.kind !== "list" || upper.kind !== "list") return upper;
  const items = [...new Set([...lower.items, ...upper.items])];
  const origin = upper.items.length === 0 ? lower.origin : upper.origin;
  return { kind: "list", items, origin } satisfies SourcedList;
};

const unionOfRepos = byKey(byKey(replace));
const repos: MergeRule = (lower, upper, mode) =>
  mode === "child" && upper.kind === "map" && upper.members.size === 0
    ? upper
    : unionOfRepos(lower, upper, mode);

/** The table of `docs/manifest.md`; fields that it does not name are replaced whole. */
const bottleRule = fields({
  env: byKey(replace),
  "git-gate": fields({ user: byKey(nonEmptyWins), repos }, replace),
  egress: fields({ hosts: byKey(replace), routes: concatenate }, replace),
  budget: byKey(replace),
  mounts: concatenate,
}, replace);

/** `upper` over `lower`; neither is changed, and unchanged parts keep their identity and origin. */
export function mergeBottles(lower: SourcedMap, upper: SourcedMap, mode: MergeMode): SourcedMap {
  const merged = bottleRule(lower, upper, mode);
  return merged.kind === "map" ? merged : upper;
}

/** Several bottles from left to right, later wins. Associative, with the empty map as identity. */
export function foldBottles(bottles: readonly SourcedMap[]): SourcedMap {
  return bottles.reduce((lower, upper) => mergeBottles(lower, upper, "fold"), EMPTY_MAP);
}

/** `bottle` with an agent's `git-gate.user` over it, field by field; empty fields change nothing. */
export function overlayGitUser(bottle: SourcedMap, user: SourcedMap): SourcedMap {
  const gate: SourcedMap = {
    kind: "map",
    members: new Map([["user", user]]),
    origin: user.origin,
  };
  const overlay: SourcedMap = {
    kind: "map",
    members: new Map([["git-gate", gate]]),
    origin: bottle.origin,
  };
  return mergeBottles(bottle, overlay, "fold");
}
