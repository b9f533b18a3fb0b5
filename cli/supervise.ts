import { undoLastChange } from "../supervise/answer.ts";
import type { DeskBottle } from "../supervise/bottle_desk.ts";
import { deskRecorder } from "../supervise/desk_events.ts";
import { type Detail, loadDetail } from "../supervise/desk/detail.ts";
import { safeLine } from "../screen/safe_text.ts";
import { WaitingList, type WaitingRow } from "../supervise/desk/waiting.ts";
import type { QueueProblem } from "../supervise/pending.ts";
import type { CliContext, Host } from "./context.ts";
import { chosenBottles, findProposal } from "./find_proposal.ts";
import { bottleHome } from "./home.ts";
import { followRunningBottles, runningBottles } from "./running_bottles.ts";
import type { SuperviseFlags } from "./supervise_command.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";
import { table } from "./ui/table.ts";
import { waitingProposal } from "./answer_by_command.ts";

/** `bot-bottle supervise`. */
export async function supervise(this: CliContext, flags: SuperviseFlags): Promise<void> {
  const { host } = this;
  if (flags.undo !== undefined) return await undo(this, flags.undo, flags.json);
  const bottles = () => chosenBottles(runningBottles(bottleHome(host), host.uid), flags.bottle);
  if (flags.show !== undefined) return show(this, bottles(), flags.show, flags.json);
  if (flags.once || flags.json) return list(this, bottles(), flags.json);
  if (!host.terminal.interactive) throw missingTerminal("open the desk", "--once");
  bottles(); // a name that is wrong is said before the screen is taken
  this.exitWith(await desk(host, flags.bottle));
}

async function desk(host: Host, slug: string | undefined): Promise<number> {
  const { runDesk } = await import("../supervise/desk/run_desk.ts");
  const { processTerminal } = await import("../screen/terminal.ts");
  const { draftFolder, editInTerminal } = await import("./edit_in_terminal.ts");
  const home = bottleHome(host);
  const running = followRunningBottles(home, host.uid, () => host.clock.monotonic());
  try {
    using _modes = host.terminal.guard();
    return await runDesk({
      clock: host.clock,
      colour: host.env("NO_COLOR") === undefined,
      terminal: processTerminal(),
      bottles: () => running().filter((bottle) => slug === undefined || bottle.slug === slug),
      contextOf: (bottle) => ({ clock: host.clock, record: deskRecorder(bottle, host.clock) }),
      folder: () => draftFolder(home, host.clock.now()),
      edit: (path) => editInTerminal(host, path),
    });
  } catch (error) {
    const { writeCrashLog } = await import("./crash_log.ts");
    throw writeCrashLog(host, home, error);
  }
}

/** Everything that waits, read to the end. */
function allWaiting(
  host: Host,
  bottles: readonly DeskBottle[],
): { rows: readonly WaitingRow[]; problems: readonly QueueProblem[] } {
  const waiting = new WaitingList(() => host.clock.now().getTime());
  for (;;) {
    const found = waiting.look(bottles);
    if (!found.more) return found;
  }
}

function list({ host, process }: CliContext, bottles: readonly DeskBottle[], json: boolean): void {
  const { rows, problems } = allWaiting(host, bottles);
  if (json) {
    const proposals = rows.map(({ id, slug, tool, arrived, stale, summary }) => ({
      id,
      bottle: slug,
      tool,
      arrived,
      stale,
      summary,
    }));
    process.stdout.write(`${JSON.stringify({ proposals, problems }, null, 2)}\n`);
    return;
  }
  for (const { slug, file, reason } of problems) {
    host.log.warn(`cannot use ${file} in the queue of ${slug}: ${reason}`);
  }
  if (rows.length === 0) {
    host.log.info(
      bottles.length === 0 ? "no bottle runs" : `nothing waits in ${bottles.length} running`,
    );
    return;
  }
  process.stdout.write(table(
    ["ID", "BOTTLE", "KIND", "ARRIVED", "STALE", "ABOUT"],
    rows.map(({ id, slug, tool, arrived, stale, summary }) => [
      id,
      slug,
      tool,
      arrived,
      stale ? "stale" : "-",
      summary,
    ]),
  ));
  host.log.info("bot-bottle approve ID, reject ID --reason TEXT, or supervise for the desk");
}

function show(
  { host, process }: CliContext,
  bottles: readonly DeskBottle[],
  prefix: string,
  json: boolean,
): void {
  const { bottle, id } = findProposal(bottles, prefix);
  const detail = loadDetail(bottle, id, host.clock.now().getTime());
  if (detail === undefined || "malformed" in detail) {
    waitingProposal(host, id, bottle.slug); // says why it cannot be shown
    return;
  }
  process.stdout.write(
    json ? `${JSON.stringify(detailJson(detail), null, 2)}\n` : detailText(detail),
  );
}

function detailText({ id, tool, slug, arrived, stale, lines }: Detail): string {
  const head = `${id}  ${tool}  ${slug}  ${arrived}${stale ? "  STALE" : ""}`;
  return `${[head, "", ...lines.map(({ text }) => text)].join("\n").trimEnd()}\n`;
}

function detailJson({ id, slug, tool, arrived, stale, problem, lines }: Detail) {
  return {
    id,
    bottle: slug,
    tool,
    arrived,
    stale,
    problem: problem ?? null,
    lines: lines.map(({ kind, text }) => ({ kind, text })),
  };
}

async function undo({ host, process }: CliContext, slug: string, json: boolean): Promise<void> {
  const [bottle] = chosenBottles(runningBottles(bottleHome(host), host.uid), slug);
  const { proposal_id, time } = await undoLastChange(bottle!, {
    clock: host.clock,
    record: deskRecorder(bottle!, host.clock),
  });
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ bottle: slug, undone: { proposal: proposal_id, time } }, null, 2)}\n`,
    );
  } else {
    const what = safeLine(proposal_id ?? "the last change");
    host.log.info(`Undone: the routes of ${slug} are as they were before ${what} of ${time}`);
  }
}
