import { type DeployKey, isSameKey } from "./deploy_key.ts";
import { DeployKeyError } from "./deploy_key_error.ts";
import type { Operation } from "./forge_call.ts";
import type { HttpResponse } from "./http.ts";

/** The key that a creation was answered with: the one that was sent. */
export function createdKey(
  operation: Operation,
  response: HttpResponse,
  publicKey: string,
): DeployKey {
  const key = parseKey(operation, jsonOf(operation, response, true), true);
  if (isSameKey(key.publicKey, publicKey)) return key;
  throw malformed(operation, "it describes another key", true);
}

/** @throws DeployKeyError `deploy_key_read_only`: every push would be refused later. */
export function writable(operation: Operation, key: DeployKey): DeployKey {
  if (key.writable !== false) return key;
  throw new DeployKeyError(`${operation.what}: the forge made it read-only`, {
    code: "deploy_key_read_only",
    hint: "allow deploy keys with write access in the settings of the repository or organisation",
    mayExist: true,
  });
}

/** The keys on one page of a list. */
export function listedKeys(operation: Operation, response: HttpResponse): DeployKey[] {
  const listed = jsonOf(operation, response, false);
  if (!Array.isArray(listed)) throw malformed(operation, "it is not a list", false);
  return listed.map((value) => parseKey(operation, value, false));
}

function jsonOf(operation: Operation, { body }: HttpResponse, created: boolean): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw malformed(operation, "it is not JSON", created);
  }
}

function parseKey(operation: Operation, value: unknown, created: boolean): DeployKey {
  if (typeof value === "object" && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    const { id, title, key } = fields;
    if (Number.isSafeInteger(id) && (id as number) > 0 && typeof key === "string") {
      return {
        id: id as number,
        title: typeof title === "string" ? title : "",
        publicKey: key,
        writable: operation.connection.forge.writable(fields),
      };
    }
  }
  throw malformed(operation, "a deploy key in it lacks id or key", created);
}

/** The error for an answer that is not what the API promises. */
export function malformed(operation: Operation, why: string, mayExist: boolean): DeployKeyError {
  return new DeployKeyError(`${operation.what}: the forge's answer cannot be used: ${why}`, {
    code: "forge_answer",
    hint: "check that key.api is the base of the forge's API",
    mayExist,
  });
}
