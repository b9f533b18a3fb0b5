import { join } from "node:path/posix";
import { ContractPath } from "../core/contract_path.ts";
import { readSmallFile } from "./small_file.ts";

/** A bottle whose proposals an operator answers. */
export interface DeskBottle {
  readonly slug: string;
  /** `state/<slug>`; what the desk keeps there is out of the sidecar's reach. */
  readonly state: string;
  /** `state/<slug>/sidecar`. */
  readonly contract: string;
}

/** The bottle `slug` below bot-bottle's home folder. */
export function deskBottle(home: string, slug: string): DeskBottle {
  const state = `${home}/state/${slug}`;
  return { slug, state, contract: `${state}/sidecar` };
}

/** Where the parts of a bottle's desk stand. */
export const deskPath = {
  queue: ({ contract }: DeskBottle) => join(contract, ContractPath.queue),
  routes: ({ contract }: DeskBottle) => join(contract, ContractPath.routes),
  generation: ({ contract }: DeskBottle) => join(contract, ContractPath.generation),
  tokens: ({ contract }: DeskBottle) => join(contract, ContractPath.tokens),
  folder: ({ state }: DeskBottle) => join(state, "approvals"),
  lock: ({ state }: DeskBottle) => join(state, "approvals/lock"),
  /** A change that is being made. */
  applying: ({ state }: DeskBottle) => join(state, "approvals/applying.json"),
  /** The last change that was made. */
  lastChange: ({ state }: DeskBottle) => join(state, "approvals/last_change.json"),
  events: ({ state }: DeskBottle) => join(state, "approvals/events.jsonl"),
};

/**
 * The names of the credentials that a bottle was started with, from `config/tokens.json`; a bottle without that
 * file has none that a proposal could name anew.
 */
export function tokenNames(bottle: DeskBottle): ReadonlySet<string> {
  try {
    const bytes = readSmallFile(deskPath.tokens(bottle), 64 * 1024);
    const value: unknown = bytes === undefined ? [] : JSON.parse(new TextDecoder().decode(bytes));
    return new Set(Array.isArray(value) ? value.filter((name) => typeof name === "string") : []);
  } catch {
    return new Set();
  }
}
