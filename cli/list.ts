import { deskBottle } from "../supervise/bottle_desk.ts";
import { countWaiting } from "../supervise/waiting_ids.ts";
import { findBottles } from "./bottle/find_bottles.ts";
import { lastCommit } from "./bottle/snapshots.ts";
import type { CliContext } from "./context.ts";
import { bottleHome } from "./home.ts";
import type { ListFlags } from "./list_command.ts";
import { hostCatalog } from "./load_spec.ts";
import { paint } from "./ui/paint.ts";
import { table } from "./ui/table.ts";

/** `bot-bottle list available`: by file name, no manifest is opened. */
export async function listAvailable(this: CliContext, flags: ListFlags): Promise<void> {
  const { catalog } = await hostCatalog(this.host);
  const { agents, bottles } = catalog;
  if (flags.json) {
    this.process.stdout.write(`${JSON.stringify({ agents, bottles }, null, 2)}\n`);
    return;
  }
  const rows = [
    ...agents.map(({ name, file }) => ["agent", name, file]),
    ...bottles.map(({ name, file }) => ["bottle", name, file]),
  ];
  if (rows.length === 0) {
    this.host.log.info(`no agents and no bottles yet in ${bottleHome(this.host)}`);
    return;
  }
  this.process.stdout.write(table(["KIND", "NAME", "FILE"], rows));
}

/** `bot-bottle list active`. */
// deno-lint-ignore require-await
export async function listActive(this: CliContext, flags: ListFlags): Promise<void> {
  const home = bottleHome(this.host);
  const bottles = findBottles(home, this.host.uid);
  const shown = bottles.filter(({ state }) => state !== "dead").map((
    { slug, state, record, layout },
  ) => ({
    slug,
    state,
    backend: record?.backend ?? null,
    agent: record?.agent ?? null,
    label: record?.label ?? null,
    color: record?.color ?? null,
    bottles: record?.bottles ?? [],
    started: record?.started ?? null,
    committed: lastCommit(layout)?.taken.toISOString() ?? null,
    // What a bottle that has ended left in its queue waits for nobody.
    waiting: state === "running" ? countWaiting(deskBottle(home, slug)) : 0,
  }));
  if (flags.json) {
    this.process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const dead = bottles.length - shown.length;
  if (dead > 0) {
    this.host.log.warn(`${dead} dead ${dead === 1 ? "bottle" : "bottles"}: bot-bottle cleanup`);
  }
  if (shown.length === 0) {
    this.host.log.info("no bottle runs, and none is kept");
    return;
  }
  const text = table(
    ["SLUG", "STATE", "BACKEND", "LABEL (AGENT)", "BOTTLES", "WAITING", "STARTED", "COMMITTED"],
    shown.map(({ slug, state, backend, label, agent, bottles, waiting, started, committed }) => [
      slug,
      state,
      backend ?? "-",
      `${label ?? "-"} (${agent ?? "-"})`,
      bottles.join(", ") || "-",
      waiting === 0 ? "-" : String(waiting),
      started ?? "-",
      committed ?? "-",
    ]),
  );
  const colours = [null, ...shown.map(({ color }) => color)];
  const lines = text.trimEnd().split("\n")
    .map((line, row) => this.host.terminal.colour ? paint(line, colours[row] ?? null) : line);
  this.process.stdout.write(`${lines.join("\n")}\n`);
  const waiting = shown.reduce((sum, bottle) => sum + bottle.waiting, 0);
  if (waiting > 0) {
    const what = waiting === 1 ? "1 proposal waits" : `${waiting} proposals wait`;
    this.host.log.info(`${what}: bot-bottle supervise`);
  }
}
