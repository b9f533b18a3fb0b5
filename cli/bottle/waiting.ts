import type { DeskBottle } from "../../supervise/bottle_desk.ts";
import { countWaiting } from "../../supervise/waiting_ids.ts";
import type { Terminal } from "../../sys/terminal.ts";

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
  bottle: DeskBottle,
  title: string,
): Disposable {
  let shown = 0;
  const timer = setInterval(() => {
    const waiting = countWaiting(bottle);
    if (waiting === shown) return;
    shown = waiting;
    const what = `${waiting} ${waiting === 1 ? "waits" : "wait"}: bot-bottle supervise`;
    terminal.setTitle(waiting === 0 ? title : `${what} · ${title}`);
  }, EVERY);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
