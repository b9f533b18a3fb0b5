import type { z } from "zod";
import { type CheckedDocument, checkSchema as check } from "../core/check_schema.ts";

export type { CheckedDocument };

/**
 * The value of a manifest as `schema` reads it.
 *
 * @throws BottleError `manifest_schema` that shows every finding, in the order of the file.
 */
export function checkSchema<T>(schema: z.ZodType<T>, document: CheckedDocument): T {
  return check(schema, document, {
    code: "manifest_schema",
    hint: "docs/manifest.md lists every key and its values",
  });
}
