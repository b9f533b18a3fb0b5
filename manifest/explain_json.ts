import type { Json } from "../core/event.ts";
import type { YamlPath } from "../core/yaml.ts";
import { pathText } from "../core/path_text.ts";
import type { EffectiveManifest } from "./effective.ts";
import { shownValue } from "./shown_value.ts";
import { originText, type Sourced } from "./sourced.ts";

/**
 * The effective manifest for scripts: plain values under `agent`, `bottle` and `settings`, and under `origins`
 * one `file:line` for every value, keyed by its path in that object. Hides what the text form hides.
 */
export function toJson(effective: EffectiveManifest): Json {
  const { agent, bottles, lineage, tree, settingsTree } = effective;
  const origins: Record<string, Json> = {};
  collectOrigins(tree, ["bottle"], origins);
  collectOrigins(settingsTree, ["settings"], origins);
  if (agent !== undefined) collectOrigins(agent.tree, ["agent"], origins);
  return {
    agent: agent === undefined ? null : {
      ...shownObject(agent.tree),
      name: agent.name,
      file: agent.file,
      prompt: agent.prompt,
    },
    bottles: [...bottles],
    lineage: lineage.map(({ name, file }) => ({ name, file })),
    bottle: shownObject(tree),
    settings: shownObject(settingsTree),
    origins,
  };
}

function shownObject(node: Sourced): Record<string, Json> {
  if (node.kind !== "map") return {};
  return Object.fromEntries(
    [...node.members].map(([key, inner]) => [key, shownJson(inner, [key])]),
  );
}

function shownJson(node: Sourced, path: YamlPath): Json {
  if (node.kind === "scalar") return shownValue(path, node);
  if (node.kind === "list") {
    return node.items.map((item, index) => shownJson(item, [...path, index]));
  }
  return Object.fromEntries(
    [...node.members].map(([key, inner]) => [key, shownJson(inner, [...path, key])]),
  );
}

function collectOrigins(node: Sourced, path: YamlPath, origins: Record<string, Json>): void {
  const inner: [string | number, Sourced][] = node.kind === "map"
    ? [...node.members]
    : node.kind === "list"
    ? [...node.items.entries()]
    : [];
  if (inner.length === 0) origins[pathText(path)] = originText(node.origin);
  for (const [step, value] of inner) collectOrigins(value, [...path, step], origins);
}
