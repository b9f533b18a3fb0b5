import { createHash } from "node:crypto";
import { join } from "node:path/posix";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, messageOf } from "../core/errors.ts";
import { readSmallFile, UnsafeFile } from "./small_file.ts";

/** Largest `routes.yaml`, in bytes; the parser of the safe YAML subset takes no more. */
export const MAX_ROUTES_FILE = 1 << 20;

/** The `routes.yaml` that is enforced, as it stands in its file. */
export interface LiveRoutes {
  readonly text: string;
  /** SHA-256 of its bytes, hex. */
  readonly hash: string;
}

/**
 * Reads the live `routes.yaml` of a contract directory.
 *
 * @throws BottleError `routes_unreadable`
 */
export function readLiveRoutes(contract: string): LiveRoutes {
  const path = join(contract, ContractPath.routes);
  let reason = "there is no such file";
  try {
    const bytes = readSmallFile(path, MAX_ROUTES_FILE);
    if (bytes !== undefined) {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), hash: sha256(bytes) };
    }
  } catch (error) {
    reason = error instanceof UnsafeFile || error instanceof TypeError
      ? error.message
      : messageOf(error);
  }
  throw new BottleError(`Cannot read ${path}: ${reason}`, {
    code: "routes_unreadable",
    hint: "start the bottle anew; its configuration is written again then",
  });
}

/** SHA-256 of bytes, or of a text in UTF-8; hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
