import { type DeskBottle, deskBottle } from "../supervise/bottle_desk.ts";
import { findBottles, namesIn } from "./bottle/find_bottles.ts";

/** Milliseconds after which it is asked anew who runs. */
const ASKED_AGAIN = 1000;

/** The bottles that run now, by name. */
export function runningBottles(home: string, uid: number): DeskBottle[] {
  return findBottles(home, uid).filter(({ state }) => state === "running")
    .map(({ slug }) => deskBottle(home, slug));
}

/**
 * The bottles that run, for whoever asks many times a second: who runs is told by a lock, and a lock that is
 * tried all the time would be in the way of a bottle that starts. One that appears is seen at once.
 */
export function followRunningBottles(
  home: string,
  uid: number,
  monotonic: () => number,
): () => readonly DeskBottle[] {
  let names = "";
  let asked = -Infinity;
  let running: readonly DeskBottle[] = [];
  return () => {
    const seen = namesIn(`${home}/state`).join("\n");
    const now = monotonic();
    if (seen !== names || now - asked > ASKED_AGAIN) {
      names = seen;
      asked = now;
      running = runningBottles(home, uid);
    }
    return running;
  };
}
