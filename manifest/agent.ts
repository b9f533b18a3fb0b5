import { nearest, type Position } from "../core/diagnostic.ts";
import { type AgentDocument, agentSchema, SUBAGENT_FIELDS } from "./agent_schema.ts";
import type { Catalog } from "./catalog.ts";
import { checkSchema } from "./diagnose.ts";
import type { ManifestFiles } from "./files.ts";
import type { ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { parseMarkdownSource, readManifestText } from "./source.ts";
import { sourcedFile, type SourcedMap } from "./sourced.ts";
import { requireTrustedFile } from "./trusted_file.ts";

/** One agent file, opened. */
export interface LoadedAgent {
  readonly name: string;
  readonly file: string;
  readonly place: "home" | "working directory";
  /** The file at home that it is used instead of. */
  readonly shadows?: string;
  readonly document: AgentDocument;
  /** The keys that bot-bottle uses; fields of subagent files are left out. */
  readonly tree: SourcedMap;
  /** The system prompt: the body of the file, possibly empty. */
  readonly prompt: string;
  readonly text: string;
  position(path: readonly string[]): Position;
}

/**
 * Opens the agent `name` of a catalog.
 *
 * @throws BottleError `manifest_no_agent` when the catalog has no such agent, `manifest_schema`,
 * `manifest_yaml`, `manifest_frontmatter`, `manifest_untrusted` or `manifest_unreadable` for its file.
 */
export async function loadAgent(
  files: ManifestFiles,
  places: ManifestPlaces,
  catalog: Catalog,
  name: string,
): Promise<LoadedAgent> {
  const entry = catalog.agents.find((agent) => agent.name === name);
  if (entry === undefined) {
    const names = catalog.agents.map((agent) => agent.name);
    const near = nearest(name, names);
    throw manifestError("manifest_no_agent", `Agent ${JSON.stringify(name)} does not exist`, {
      hint: near !== undefined
        ? `did you mean ${near}?`
        : names.length === 0
        ? "there are no agents yet; bot-bottle init makes one"
        : `the agents are ${names.join(", ")}`,
    });
  }
  await requireTrustedFile(files, places, entry);
  const text = await readManifestText(files, entry.file);
  const source = parseMarkdownSource(text, entry.file);
  const document = checkSchema(agentSchema, { ...source, textOf: () => text });
  const tree = sourcedFile(source);
  const unused: readonly string[] = SUBAGENT_FIELDS;
  return {
    name,
    file: entry.file,
    place: entry.place,
    ...(entry.shadows === undefined ? {} : { shadows: entry.shadows }),
    document,
    tree: { ...tree, members: new Map([...tree.members].filter(([key]) => !unused.includes(key))) },
    prompt: source.body,
    text,
    position: source.position,
  };
}
