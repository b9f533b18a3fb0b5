import type { YamlPath } from "../core/yaml.ts";
import type { EffectiveManifest } from "./effective.ts";
import { printable, printableLine } from "../core/printable.ts";
import { shownValue } from "./shown_value.ts";
import { type Origin, originText, type Sourced, type SourcedMap } from "./sourced.ts";

/** One line of a listing and where its value came from. */
interface Line {
  readonly text: string;
  readonly origin?: Origin | string;
}

const MAX_COLUMN = 72;

/**
 * The effective manifest as YAML-like lines, each value with the file and line it came from. Host variables
 * stand as `${NAME}`, questions as `?Question`; nothing is looked up and no secret is shown.
 *
 * @param userHome the operator's home folder, shown as `~` in origins.
 */
export function explainLines(effective: EffectiveManifest, userHome?: string): string[] {
  const lines = listing(effective);
  const width = Math.min(MAX_COLUMN, Math.max(...lines.map(({ text }) => text.length)));
  return lines.map(({ text, origin }) => {
    if (origin === undefined) return text;
    const from = typeof origin === "string" ? origin : originText(origin);
    return `${text.padEnd(width)}  # ${printableLine(shortened(from, userHome))}`;
  });
}

/** The same lines without origins. */
export function infoLines(effective: EffectiveManifest): string[] {
  return listing(effective).map(({ text }) => text);
}

function shortened(path: string, userHome: string | undefined): string {
  return userHome !== undefined && path.startsWith(`${userHome}/`)
    ? `~${path.slice(userHome.length)}`
    : path;
}

function listing(effective: EffectiveManifest): Line[] {
  const { agent, bottles, lineage, tree, settingsTree } = effective;
  const lines: Line[] = [];
  if (agent !== undefined) {
    lines.push({ text: "agent:" }, { text: `  name: ${agent.name}`, origin: agent.file });
    const shown = new Map([...agent.tree.members].filter(([key]) => key !== "git-gate"));
    lines.push(...mapLines({ ...agent.tree, members: shown }, ["agent"], "  "));
    lines.push({ text: `  prompt: ${countLines(agent.prompt)}`, origin: agent.file });
  }
  lines.push({ text: `bottles: [${bottles.join(", ")}]` });
  if (lineage.length > 0) {
    lines.push({ text: "lineage:" });
    for (const { name, file } of lineage) lines.push({ text: `  - ${name}`, origin: file });
  }
  lines.push(...mapLines(inReadingOrder(tree), [], ""));
  // The other settings already stand in the bottle.
  const host = new Map(
    [...settingsTree.members].filter(([key]) => ["backend", "budget"].includes(key)),
  );
  if (host.size > 0) {
    lines.push({ text: "settings:" });
    lines.push(...mapLines({ ...settingsTree, members: host }, ["settings"], "  "));
  }
  return lines;
}

/** The top keys in the order of the documentation, whichever file declared them first. */
function inReadingOrder(tree: SourcedMap): SourcedMap {
  const order = ["agent_provider", "env", "git-gate", "egress", "budget", "shutdown", "supervise"];
  const rank = (key: string) => order.includes(key) ? order.indexOf(key) : order.length;
  const members = [...tree.members].sort(([a], [b]) => rank(a) - rank(b));
  return { ...tree, members: new Map(members) };
}

function countLines(prompt: string): string {
  if (prompt === "") return "none";
  const count = prompt.split("\n").length;
  return count === 1 ? "1 line" : `${count} lines`;
}

function mapLines(map: SourcedMap, path: YamlPath, indent: string): Line[] {
  return [...map.members].flatMap(([key, node]) => {
    const name = plain(key);
    return nodeLines(node, [...path, key], `${indent}${name}:`, `${indent}  `);
  });
}

/** @param head what stands before the value: `key:` or `-`, indented. */
function nodeLines(node: Sourced, path: YamlPath, head: string, indent: string): Line[] {
  const { origin } = node;
  if (node.kind === "scalar") {
    return [{ text: `${head} ${scalarText(shownValue(path, node))}`, origin }];
  }
  if (node.kind === "map") {
    if (node.members.size === 0) return [{ text: `${head} {}`, origin }];
    return [{ text: head }, ...mapLines(node, path, indent)];
  }
  if (node.items.length === 0) return [{ text: `${head} []`, origin }];
  const flow = flowText(node.items, path);
  if (flow !== undefined) return [{ text: `${head} [${flow}]`, origin: node.items[0]!.origin }];
  return [
    { text: head },
    ...node.items.flatMap((item, index) => {
      const lines = nodeLines(item, [...path, index], `${indent}-`, `${indent}  `);
      const [first, second, ...rest] = lines;
      // `- key: value` on one line, as it is usually written.
      return item.kind === "map" && item.members.size > 0 && first !== undefined &&
          second !== undefined
        ? [{ ...second, text: `${first.text} ${second.text.trimStart()}` }, ...rest]
        : lines;
    }),
  ];
}

/** Scalars of one line of one file stand on one line here too. */
function flowText(items: readonly Sourced[], path: YamlPath): string | undefined {
  const origins = new Set(items.map((item) => originText(item.origin)));
  if (origins.size > 1) return undefined;
  const texts: string[] = [];
  for (const [index, item] of items.entries()) {
    if (item.kind !== "scalar") return undefined;
    texts.push(scalarText(shownValue([...path, index], item)));
  }
  return texts.join(", ");
}

function scalarText(value: string | number | boolean | null): string {
  return typeof value === "string" ? plain(value) : String(value);
}

const PLAIN = /^[A-Za-z0-9_/~$?][\w ./~*@{}$?+=-]*(:[\w./~*@{}$?+=-]+)*$/;
const NUMBER_LIKE = /^\d[\d_.]*(e\d+)?$|^0[xo]/i;
const YAML_WORD = /^(true|false|null|~|yes|no|on|off|y|n)$/i;

/** Plain where YAML reads it back as the same text; otherwise in double quotes with escapes. */
function plain(text: string): string {
  const same = PLAIN.test(text) && !text.endsWith(" ") && !text.startsWith("? ") && text !== "?" &&
    !NUMBER_LIKE.test(text) && !YAML_WORD.test(text);
  return same ? text : printable(JSON.stringify(text));
}
