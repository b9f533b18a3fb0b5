import type { Position } from "../core/diagnostic.ts";
import { BottleError, messageOf } from "../core/errors.ts";
import { parseStrictYaml, type StrictYaml, type YamlPath, YamlProblem } from "../core/yaml.ts";
import type { ManifestFiles } from "./files.ts";
import { isFrontmatterProblem, splitFrontmatter } from "./frontmatter.ts";
import { manifestError } from "./problem.ts";

/** A manifest file, parsed but not yet checked against a schema. */
export interface ManifestSource {
  readonly file: string;
  readonly text: string;
  /** The frontmatter (or the whole YAML file); `{}` when it is empty. */
  readonly value: unknown;
  readonly body: string;
  position(path: YamlPath, options?: { key?: boolean }): Position;
}

/**
 * Parses a Markdown manifest.
 *
 * @throws BottleError `manifest_frontmatter` or `manifest_yaml`.
 */
export function parseMarkdownSource(text: string, file: string): ManifestSource {
  const parts = splitFrontmatter(text, file);
  if (isFrontmatterProblem(parts)) {
    throw manifestError("manifest_frontmatter", parts.problem, {
      position: parts.position,
      text,
      hint: "put the configuration between two lines --- at the top of the file",
    });
  }
  return sourceOf(text, file, parts.yaml, parts.lineOffset, parts.body);
}

/**
 * Parses a file that is YAML throughout.
 *
 * @throws BottleError `manifest_yaml`.
 */
export function parseYamlSource(text: string, file: string): ManifestSource {
  return sourceOf(text, file, text.replace(/^\ufeff/, ""), 0, "");
}

/**
 * The text of a file, or undefined when it is not there.
 *
 * @throws BottleError `manifest_unreadable`.
 */
export async function readTextIfThere(
  files: ManifestFiles,
  file: string,
): Promise<string | undefined> {
  try {
    return await files.readText(file);
  } catch (cause) {
    if (cause instanceof BottleError) throw cause; // It already says what to do.
    throw manifestError("manifest_unreadable", `Cannot read ${file}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/**
 * The text of a manifest file that should be there.
 *
 * @throws BottleError `manifest_unreadable`.
 */
export async function readManifestText(files: ManifestFiles, file: string): Promise<string> {
  const text = await readTextIfThere(files, file);
  if (text !== undefined) return text;
  throw manifestError("manifest_unreadable", `Cannot read ${file}: the file is not there`);
}

function sourceOf(
  text: string,
  file: string,
  yaml: string,
  lineOffset: number,
  body: string,
): ManifestSource {
  refuseControlCharacters(yaml, file, lineOffset, text);
  const document = parseDocument(yaml, file, lineOffset, text);
  refusePrototypeKeys(document.value, [], (path) => {
    throw manifestError("manifest_yaml", "The key __proto__ is not allowed here", {
      position: document.position(path, { key: true }),
      text,
    });
  });
  return {
    file,
    text,
    value: document.value ?? {},
    body,
    position: (path, options) => document.position(path, options),
  };
}

function parseDocument(yaml: string, file: string, offset: number, text: string): StrictYaml {
  try {
    return parseStrictYaml(yaml, file, offset);
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    const line = yaml.split("\n")[error.position.line - offset - 1] ?? "";
    throw manifestError("manifest_yaml", error.message, {
      position: error.position,
      text,
      cause: error,
      hint: /(^|[\s:[,])\*\./.test(line)
        ? 'put a host that begins with * in quotes: "*.example.com"'
        : "manifests are plain YAML: no anchors, aliases, tags, merge keys or repeated keys",
    });
  }
}

// YAML 1.2 section 5.1. A carriage return alone would also end a line for some readers and not for others.
function refuseControlCharacters(yaml: string, file: string, offset: number, text: string): void {
  for (const [index, line] of yaml.split("\n").entries()) {
    const column = line.replace(/\r$/, "").search(/[^\t\P{Cc}]/u) + 1;
    if (column === 0) continue;
    throw manifestError("manifest_yaml", "Control characters are not allowed here", {
      position: { file, line: index + 1 + offset, column },
      text,
      hint: 'write it as an escape in double quotes, such as "\\x1b"',
    });
  }
}

// Schemas drop this key without a word when it stands in a map with free keys.
function refusePrototypeKeys(value: unknown, path: YamlPath, refuse: (path: YamlPath) => never) {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    if (key === "__proto__") refuse([...path, key]);
    refusePrototypeKeys(inner, [...path, step], refuse);
  }
}
