import type { z } from "zod";
import { formatDiagnostic, type Position } from "./diagnostic.ts";
import { BottleError, ExitCode } from "./errors.ts";
import { findingsOf } from "./finding.ts";
import { printable } from "./printable.ts";
import type { YamlPath } from "./yaml.ts";

/** A value to check and where its parts stand. */
export interface CheckedDocument {
  readonly value: unknown;
  position(path: YamlPath, options?: { key?: boolean }): Position;
  /** The text of a file that `position` names, for excerpts. */
  textOf(file: string): string | undefined;
}

/** How the error of {@linkcode checkSchema} presents itself. */
export interface SchemaErrorStyle {
  readonly code: string;
  readonly hint: string;
}

const MAX_SHOWN = 20;
/** Finding a place costs a walk through the document; one with more findings than this is no slip of the pen. */
const MAX_PLACED = 200;

/**
 * The value of `document` as `schema` reads it.
 *
 * @throws BottleError (exit 3) that shows every finding, in the order of the file.
 */
export function checkSchema<T>(
  schema: z.ZodType<T>,
  document: CheckedDocument,
  style: SchemaErrorStyle,
): T {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  const findings = result.error.issues
    .flatMap((issue) => findingsOf(issue, schema, [], document.value));
  const shown = findings.slice(0, MAX_PLACED)
    .map((finding) => ({ ...finding, at: document.position(finding.path, { key: finding.key }) }))
    .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const texts = shown.slice(0, MAX_SHOWN).map(({ at, message }) =>
    diagnosticText(at, message, document.textOf(at.file))
  );
  if (findings.length > MAX_SHOWN) texts.push(`and ${findings.length - MAX_SHOWN} more`);
  throw new BottleError(texts.join("\n"), { ...style, exit: ExitCode.manifest });
}

/** `file:line:column: message` and an excerpt, every character of it safe for a terminal. */
export function diagnosticText(position: Position, message: string, text?: string): string {
  const source = text?.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  return printable(
    formatDiagnostic(position, message, source === undefined ? undefined : printable(source)),
  );
}
