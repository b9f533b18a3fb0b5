import { ContractPath } from "../../core/contract_path.ts";
import type { Terminal } from "../../sys/terminal.ts";
import { namesIn } from "./find_bottles.ts";
import type { BottleLayout } from "./layout.ts";

/** How many proposals of a bottle wait for an answer. */
export function waitingProposals({ contract }: Pick<BottleLayout, "contract">): number {
  const names = namesIn(`${contract}/${ContractPath.queue}`);
  const answered = new Set(
    names.filter((name) => name.endsWith(".response.json"))
      .map((name) => name.slice(0, -".response.json".length)),
  );
  return names.filter((name) =>
    name.endsWith(".proposal.json") && !answered.has(name.slice(0, -".proposal.json".length))
  ).length;
}

/** Milliseconds between two looks at the queue. */
const EVERY = 400;

/**
 * Says in the terminal's title that something waits for the operator and which command shows it, for as long as it does:
 * the one line that the agent's screen leaves alone.
 *
 * @param title what stands there otherwise.
 */
export function titleOfWaiting(
  terminal: Pick<Terminal, "setTitle">,
  layout: BottleLayout,
  title: string,
): Disposable {
  let shown = 0;
  const timer = setInterval(() => {
    const waiting = waitingProposals(layout);
    if (waiting === shown) return;
    shown = waiting;
    const what = `${waiting} ${waiting === 1 ? "waits" : "wait"}: bot-bottle supervise`;
    terminal.setTitle(waiting === 0 ? title : `${what} · ${title}`);
  }, EVERY);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
