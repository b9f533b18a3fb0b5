import { ContractPath } from "../../core/contract_path.ts";
import type { ChainHead } from "../../core/event.ts";
import type { BottleLayout } from "./layout.ts";
import { removeTree } from "./remove_state.ts";

/** The chains of events that a bottle has, by the name that people see. */
export function chainsOf({ events, contract, state }: BottleLayout): Record<string, string> {
  return {
    host: events,
    sidecar: `${contract}/${ContractPath.events}`,
    approvals: `${state}/approvals/events.jsonl`,
  };
}

/** Heads by the name of their chain. */
export type KeptHeads = Readonly<Record<string, ChainHead>>;

/** Where the heads of a bottle's chains are noted, out of reach of whoever writes the chains. */
export function headsPath(home: string, slug: string): string {
  return `${home}/heads/${slug}.json`;
}

/** The heads that were noted last; none when there is no note that can be read. */
export function readHeads(home: string, slug: string): KeptHeads {
  try {
    const value: unknown = JSON.parse(Deno.readTextFileSync(headsPath(home, slug)));
    return value !== null && typeof value === "object" ? value as KeptHeads : {};
  } catch {
    return {};
  }
}

/** Forgets the heads of a bottle whose chains are gone. */
export function forgetHeads(home: string, slug: string): void {
  removeTree(headsPath(home, slug));
}
