import { deepEqual, equal, match } from "node:assert/strict";
import { dirname } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { EventLog } from "../sys/event_log.ts";
import { verifyEventLog } from "../sys/event_log_files.ts";
import { chainsOf, readHeads } from "./bottle/chain_heads.ts";
import { noteHeads } from "./bottle/note_heads.ts";
import { bottleLayout } from "./bottle/layout.ts";

/** A bottle's chains in a folder of their own. */
class Chains implements Disposable {
  readonly home = Deno.makeTempDirSync();
  readonly layout = bottleLayout(this.home, 0, "dev");
  readonly files = chainsOf(this.layout);

  write(chain: string, count: number, type = "test"): void {
    const path = this.files[chain]!;
    Deno.mkdirSync(dirname(path), { recursive: true });
    using log = EventLog.open(path, { clock: systemClock });
    for (let n = 0; n < count; n++) log.append({ type, n });
  }

  note(): void {
    noteHeads(this.home, "dev", this.layout);
  }

  /** Changes the lines of a chain as somebody with an editor would. */
  edit(chain: string, change: (lines: string[]) => string[]): void {
    const path = this.files[chain]!;
    const lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
    Deno.writeTextFileSync(path, change(lines).map((line) => `${line}\n`).join(""));
  }

  verdict(chain: string): { ok: boolean; line: number | undefined; reason: string | undefined } {
    const { ok, at, fault } = verifyEventLog(
      this.files[chain]!,
      readHeads(this.home, "dev")[chain],
    );
    return { ok, line: at?.line, reason: fault?.reason };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.home, { recursive: true });
  }
}

Deno.test("a chain that went on since it was noted fits", () => {
  using chains = new Chains();
  chains.write("sidecar", 3);
  chains.note();
  chains.write("sidecar", 2);
  equal(chains.verdict("sidecar").ok, true);
});

for (
  const [what, change, line] of [
    ["edited", (lines: string[]) => lines.with(1, lines[1]!.replace('"n":1', '"n":9')), 2],
    ["removed", (lines: string[]) => lines.toSpliced(1, 1), 2],
    ["moved", (lines: string[]) => [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)], 2],
    ["cut off at the end", (lines: string[]) => lines.slice(0, 3), 4],
    ["taken away altogether", () => [], 1],
  ] as const
) {
  Deno.test(`a line that was ${what} is named`, () => {
    using chains = new Chains();
    chains.write("host", 5);
    chains.note();
    chains.edit("host", change);
    const verdict = chains.verdict("host");
    deepEqual([verdict.ok, verdict.line], [false, line]);
  });
}

Deno.test("a chain that was written anew as a whole is named, though it fits by itself", () => {
  using chains = new Chains();
  chains.write("approvals", 4);
  chains.note();
  Deno.removeSync(chains.files.approvals!);
  chains.write("approvals", 6, "forged");
  const { ok, line, reason } = chains.verdict("approvals");
  deepEqual([ok, line], [false, 4]);
  match(reason!, /written anew/);
});

Deno.test("a cut chain stays noted as it was: noting again does not make it whole", () => {
  using chains = new Chains();
  chains.write("host", 5);
  chains.note();
  chains.edit("host", (lines) => lines.slice(0, 2));
  chains.note();
  equal(chains.verdict("host").ok, false);
});

Deno.test("rotation keeps the chain, and the note fits across files", () => {
  using chains = new Chains();
  const path = chains.files.host!;
  Deno.mkdirSync(dirname(path), { recursive: true });
  using log = EventLog.open(path, { clock: systemClock, maxBytes: 2000, maxFiles: 3 });
  for (let n = 0; n < 60; n++) log.append({ type: "test", n });
  chains.note();
  for (let n = 0; n < 20; n++) log.append({ type: "test", n });
  equal(chains.verdict("host").ok, true);
});
