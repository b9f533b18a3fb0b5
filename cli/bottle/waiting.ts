import type { DeskBottle } from "../../supervise/bottle_desk.ts";
import { countWaiting } from "../../supervise/waiting_ids.ts";
import type { Terminal } from "../../sys/terminal.ts";

/** Milliseconds between two looks at the queue. */
const EVERY = 400;

/**
 * Says in the terminal's title that something waits for the operator and which command shows it, for as long as it does:
 * the one line that the agent's screen leaves alone.
 *
 * @param titleOf gives what stands there otherwise; asked anew each time.
 */
export function titleOfWaiting(
  terminal: Pick<Terminal, "setTitle">,
  bottle: DeskBottle,
  titleOf: () => string,
): Disposable {
  let shown = titleOf();
  const timer = setInterval(() => {
    const waiting = countWaiting(bottle);
    const what = `${waiting} ${waiting === 1 ? "waits" : "wait"}: bot-bottle supervise`;
    const title = waiting === 0 ? titleOf() : `${what} · ${titleOf()}`;
    if (title === shown) return;
    shown = title;
    terminal.setTitle(title);
  }, EVERY);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
