import * as z from "zod";
import type { YamlPath } from "./yaml.ts";

/** The keys that `schema` knows for the map at `path`, every alternative of a union taken together. */
export function knownKeys(schema: unknown, path: YamlPath): string[] {
  return [...new Set(alternatives(schema, path).flatMap((at) => Object.keys(at.shape)))];
}

function alternatives(schema: unknown, path: YamlPath): z.ZodObject[] {
  const [step, ...rest] = path;
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable
  ) {
    return alternatives(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => alternatives(option, path));
  }
  if (schema instanceof z.ZodObject) {
    return step === undefined ? [schema] : alternatives(schema.shape[String(step)], rest);
  }
  if (step === undefined) return [];
  if (schema instanceof z.ZodArray) return alternatives(schema.element, rest);
  if (schema instanceof z.ZodRecord) return alternatives(schema.valueType, rest);
  return [];
}
