import type { z } from "zod";
import type { Position } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import type { YamlPath } from "../core/yaml.ts";
import { findingsOf } from "./finding.ts";
import { diagnosticText } from "./problem.ts";

/** A value to check and where its parts stand. */
export interface CheckedDocument {
  readonly value: unknown;
  position(path: YamlPath, options?: { key?: boolean }): Position;
  /** The text of a file that `position` names, for excerpts. */
  textOf(file: string): string | undefined;
}

const MAX_SHOWN = 20;

/**
 * The value of `document` as `schema` reads it.
 *
 * @throws BottleError `manifest_schema` that shows every finding, in the order of the file.
 */
export function checkSchema<T>(schema: z.ZodType<T>, document: CheckedDocument): T {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  const shown = result.error.issues
    .flatMap((issue) => findingsOf(issue, schema, [], document.value))
    .map((finding) => ({ ...finding, at: document.position(finding.path, { key: finding.key }) }))
    .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const texts = shown.slice(0, MAX_SHOWN).map(({ at, message }) =>
    diagnosticText(at, message, document.textOf(at.file))
  );
  if (shown.length > MAX_SHOWN) texts.push(`and ${shown.length - MAX_SHOWN} more`);
  throw new BottleError(texts.join("\n"), {
    code: "manifest_schema",
    exit: ExitCode.manifest,
    hint: "docs/manifest.md lists every key and its values",
  });
}
