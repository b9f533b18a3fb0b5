import { ContractPath } from "../../core/contract_path.ts";
import type { ChainHead } from "../../core/event.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import { currentHead } from "../../sys/event_log_files.ts";
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
function headsPath(home: string, slug: string): string {
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

/** Notes where the chains stand now. A chain that is shorter than noted keeps its note: something was cut off. */
export function noteHeads(home: string, slug: string, layout: BottleLayout): void {
  const known = readHeads(home, slug);
  const heads: Record<string, ChainHead> = { ...known };
  for (const [name, path] of Object.entries(chainsOf(layout))) {
    const head = currentHead(path);
    if (head !== undefined && head.seq > (known[name]?.seq ?? 0)) heads[name] = head;
  }
  if (JSON.stringify(heads) === JSON.stringify(known)) return;
  Deno.mkdirSync(`${home}/heads`, { recursive: true, mode: 0o700 });
  replaceFile(headsPath(home, slug), `${JSON.stringify(heads, null, 2)}\n`, 0o600, {
    durable: false,
  });
}

/** Forgets the heads of a bottle whose chains are gone. */
export function forgetHeads(home: string, slug: string): void {
  removeTree(headsPath(home, slug));
}
