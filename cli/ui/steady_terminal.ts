import type { ScreenTerminal } from "../../screen/terminal.ts";

/**
 * A terminal for several screens, one after the other. A screen that Escape ended leaves a read behind; here the next
 * screen takes that read over, so that no key is lost.
 */
export function steadyTerminal(terminal: ScreenTerminal): ScreenTerminal {
  let reading: Promise<Uint8Array | null> | undefined;
  return {
    ...terminal,
    read: () => reading ??= terminal.read().finally(() => reading = undefined),
  };
}
