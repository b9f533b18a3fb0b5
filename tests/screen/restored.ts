import { equal, match, ok } from "node:assert/strict";
import type { Screen } from "../cli/pty.ts";

/** A shell's script that runs `"$0"` with these arguments and says how it ended and what the terminal is like. */
export function inShell(args: string): string {
  return `echo before; "$0" ${args}; echo "code $?"; ` +
    `stty -a | grep -oE '(^| )-?(echo|icanon|isig|opost) ' | tr -d '\\n'; echo .`;
}

/** The other screen is gone, the cursor is back, the modes are a shell's, and what stood there stands there. */
export async function isRestored(screen: Screen, code: number): Promise<void> {
  await screen.shows(
    new RegExp(`code ${code}\\n *isig +icanon +echo +opost \\.|code ${code}\\n[^-]*\\.$`),
  );
  equal(await screen.ended(), 0);
  match(screen.text(), /^before\n/);
  ok(!/ -(echo|icanon|isig|opost)/.test(screen.text()), screen.text());
  const raw = screen.raw();
  ok(raw.lastIndexOf("\x1b[?1049l") > raw.lastIndexOf("\x1b[?1049h"), "the first screen");
  ok(raw.lastIndexOf("\x1b[?25h") > raw.lastIndexOf("\x1b[?25l"), "the cursor");
  ok(raw.lastIndexOf("\x1b[?7h") > raw.lastIndexOf("\x1b[?7l"), "wrapping");
}
