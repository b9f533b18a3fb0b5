import type { ChainHead } from "../../core/event.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import { currentHead } from "../../sys/event_log_files.ts";
import { chainsOf, headsPath, readHeads } from "./chain_heads.ts";
import type { BottleLayout } from "./layout.ts";

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
