import type { z } from "zod";
import { nearest } from "./diagnostic.ts";
import type { YamlPath } from "./yaml.ts";
import { knownKeys } from "./known_keys.ts";
import { pathText } from "./path_text.ts";

/** One thing that a schema refuses. */
export interface Finding {
  readonly path: YamlPath;
  readonly key: boolean;
  readonly message: string;
}

/**
 * What an issue of `schema` means to the person who wrote the value.
 *
 * @param base path of the value that `issue.path` counts from.
 * @param root the whole document.
 */
export function findingsOf(
  issue: z.core.$ZodIssue,
  schema: unknown,
  base: YamlPath,
  root: unknown,
): Finding[] {
  const path = [
    ...base,
    ...issue.path.map((step) => typeof step === "number" ? step : String(step)),
  ];
  const name = pathText(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        key: true,
        message: unknownKey(key, path, knownKeys(schema, path)),
      }));
    case "invalid_union": {
      const branch = closestBranch(issue.errors);
      if (branch !== undefined) {
        return branch.flatMap((inner) => findingsOf(inner, schema, path, root));
      }
      const kinds = issue.errors.flat().map((inner) =>
        inner.code === "invalid_type" ? kindText(inner.expected) : plainMessage(inner)
      );
      if (issue.message !== "Invalid input" && issue.errors.length > 0) {
        return [{ path, key: false, message: `${name}: ${issue.message}` }];
      }
      const listed = "options" in issue && Array.isArray(issue.options)
        ? `one of ${issue.options.map(String).join(", ")}`
        : [...new Set(kinds)].join(" or ");
      return [{ path, key: false, message: `${name}: expected ${listed}${found(root, path)}` }];
    }
    case "invalid_key": {
      const why = issue.issues[0]?.message ?? "is not allowed here";
      return [{ path, key: true, message: `The key ${name} is not allowed: ${why}` }];
    }
    case "invalid_type": {
      if (at(root, path) === undefined) {
        return [{
          path,
          key: false,
          message: `${name} is missing; expected ${kindText(issue.expected)}`,
        }];
      }
      const quote = issue.expected === "string" &&
        ["number", "boolean"].includes(typeof at(root, path));
      const message = `${name}: expected ${kindText(issue.expected)}${found(root, path)}`;
      return [{ path, key: false, message: quote ? `${message}; put it in quotes` : message }];
    }
    case "invalid_value": {
      const values = issue.values.map(String);
      const given = at(root, path);
      if (given === undefined) {
        return [{
          path,
          key: false,
          message: `${name} is missing; expected one of ${values.join(", ")}`,
        }];
      }
      const near = typeof given === "string" ? nearest(given, values) : undefined;
      const asked = near === undefined ? "" : `; did you mean ${near}?`;
      const expected = values.length === 1 ? values[0]! : `one of ${values.join(", ")}`;
      return [{
        path,
        key: false,
        message: `${name}: expected ${expected}${found(root, path)}${asked}`,
      }];
    }
    default:
      return [{ path, key: false, message: `${name}: ${plainMessage(issue)}` }];
  }
}

/** The one alternative of a union that the writer must have meant: it got further than the value's kind. */
function closestBranch(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const deep = branches.filter((issues) =>
    issues.every((issue) =>
      issue.path.length > 0 || issue.code === "unrecognized_keys" ||
      (issue.code !== "invalid_type" && issue.code !== "invalid_value" &&
        issue.code !== "invalid_union")
    )
  );
  return deep.length === 1 ? deep[0] : undefined;
}

function unknownKey(key: string, path: YamlPath, known: string[]): string {
  if (key === "role" && path[0] === "egress" && path[1] === "routes") {
    return "The key role of a route is reserved and takes no value yet; leave it out";
  }
  const where = path.length === 0 ? "" : ` in ${pathText(path)}`;
  const near = nearest(key, known);
  if (near !== undefined) return `Unknown key ${key}${where}; did you mean ${near}?`;
  return `Unknown key ${key}${where}; known keys: ${known.toSorted().join(", ")}`;
}

function kindText(expected: string): string {
  const texts: Record<string, string> = {
    object: "a map of keys",
    record: "a map of keys",
    array: "a list",
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return texts[expected] ?? expected;
}

function found(root: unknown, path: YamlPath): string {
  const value = at(root, path);
  if (value === null) return ", found nothing";
  if (Array.isArray(value)) return ", found a list";
  if (typeof value === "object") return ", found a map";
  if (typeof value === "string") return ", found text";
  return value === undefined ? "" : `, found ${String(value)}`;
}

function at(root: unknown, path: YamlPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[String(step)];
  }
  return value;
}

function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") return `must not be longer than ${issue.maximum} characters`;
      return `must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    default:
      return issue.message.replace(/^Invalid input: /, "");
  }
}
