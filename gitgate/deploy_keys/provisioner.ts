import { printable } from "../../core/printable.ts";
import {
  type DeployKey,
  type DeployKeyProvisioner,
  type ForgeRepo,
  isSameKey,
  type SoughtKey,
} from "./deploy_key.ts";
import { DeployKeyError } from "./deploy_key_error.ts";
import { hasNextPage } from "./forge_answer.ts";
import { type ForgeConnection, type Operation, retryPause, send, timeLeft } from "./forge_call.ts";
import { createdKey, listedKeys, malformed, writable } from "./key_answer.ts";

/** Pages of a list that are read before giving up. */
const MAX_PAGES = 50;

/** Deploy keys of one forge account. */
export function createProvisioner(connection: ForgeConnection): DeployKeyProvisioner {
  const begin = (what: string, { name, project }: ForgeRepo, signal: AbortSignal | undefined) => ({
    connection,
    what: printable(
      `Cannot ${what} repository ${name} (${project} at ${new URL(connection.api).host})`,
    ),
    ends: connection.clock.monotonic() + connection.budget,
    signal,
  });
  return {
    ensure: (repo, title, publicKey, signal) =>
      ensure(begin(`add deploy key "${title}" to`, repo, signal), repo, title, publicKey),
    find: (repo, sought, signal) => {
      const operation = begin("list the deploy keys of", repo, signal);
      return find(operation, repo, fits(sought));
    },
    revoke: (repo, id, signal) =>
      revoke(begin(`revoke deploy key ${id} of`, repo, signal), repo, id),
  };
}

function fits(sought: SoughtKey): (key: DeployKey) => boolean {
  return "title" in sought
    ? ({ title }) => title === sought.title
    : ({ publicKey }) => isSameKey(publicKey, sought.publicKey);
}

async function ensure(
  operation: Operation,
  repo: ForgeRepo,
  title: string,
  publicKey: string,
): Promise<DeployKey> {
  const { forge, pause } = operation.connection;
  const path = forge.keysPath(repo.project);
  let uncertain = false;
  for (let again = false;; again = true) {
    let failure: DeployKeyError;
    try {
      const response = await send(operation, "POST", path, forge.creation(title, publicKey));
      return writable(operation, createdKey(operation, response, publicKey));
    } catch (error) {
      if (!(error instanceof DeployKeyError)) throw error;
      failure = error;
    }
    uncertain ||= failure.mayExist;
    const taken = failure.code === "deploy_key_collision";
    const lookUp = (failure.mayExist || taken) && failure.code !== "forge_aborted" &&
      failure.code !== "deploy_key_read_only";
    if (!lookUp) throw marked(failure, uncertain);
    // The answer was lost, not necessarily the key; and a collision may be with our own earlier request.
    let found: DeployKey | undefined;
    try {
      found = await find(operation, repo, fits({ publicKey }));
    } catch {
      throw marked(failure, true);
    }
    if (found !== undefined) return writable(operation, found);
    const wait = retryPause(operation);
    if (taken || again || timeLeft(operation) <= wait) throw marked(failure, uncertain);
    await pause(wait, operation.signal);
  }
}

function marked(error: DeployKeyError, mayExist: boolean): DeployKeyError {
  if (error.mayExist === mayExist) return error;
  const { message, code, exit, hint } = error;
  return new DeployKeyError(message, {
    code,
    exit,
    mayExist,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function find(
  operation: Operation,
  { project }: ForgeRepo,
  wanted: (key: DeployKey) => boolean,
): Promise<DeployKey | undefined> {
  const { forge } = operation.connection;
  let seen = 0;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const response = await send(operation, "GET", `${forge.keysPath(project)}${forge.page(page)}`);
    const listed = listedKeys(operation, response);
    const found = listed.find(wanted);
    if (found !== undefined) return found;
    seen += listed.length;
    if (!hasNextPage(response, listed.length, seen)) return undefined;
  }
  throw malformed(operation, `the list has more than ${MAX_PAGES} pages`, false);
}

async function revoke(
  operation: Operation,
  repo: ForgeRepo,
  id: number,
): Promise<"revoked" | "absent"> {
  try {
    await send(operation, "DELETE", `${operation.connection.forge.keysPath(repo.project)}/${id}`);
    return "revoked";
  } catch (error) {
    if (!(error instanceof DeployKeyError) || error.code !== "forge_not_found") throw error;
    // GitHub answers 404 also to a token without the right; only a list without the key says that it is gone.
    if (await find(operation, repo, (key) => key.id === id) === undefined) return "absent";
    throw error;
  }
}
