import { equal } from "node:assert/strict";
import { join } from "node:path/posix";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Screen } from "../cli/pty.ts";
import { until } from "../cli/support.ts";

const FOLDER = join(import.meta.dirname!, "snapshots");

/**
 * Waits until the screen looks as it is written down in `snapshots/<name>.txt`, and says how it differs when it
 * never does. `UPDATE_SNAPSHOTS=1` writes down what it looks like instead, once it shows `settled`.
 *
 * @param settled something that the last change of the screen brings.
 * @param ids what differs from run to run, in the order of their numbers on the snapshot.
 */
export async function looksLike(
  screen: Screen,
  name: string,
  settled: RegExp,
  ids: readonly string[] = [],
): Promise<void> {
  await screen.shows(settled);
  const path = join(FOLDER, `${name}.txt`);
  const text = () => normal(screen.text(), ids);
  if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") {
    await new Promise((resolve) => setTimeout(resolve, 500));
    Deno.mkdirSync(FOLDER, { recursive: true });
    Deno.writeTextFileSync(path, text());
    return;
  }
  const expected = Deno.readTextFileSync(path);
  await until(() => text() === expected);
  equal(text(), expected);
}

/** The same length, so that nothing moves. */
function normal(text: string, ids: readonly string[]): string {
  const named = ids.reduce(
    (all, id, n) => all.replaceAll(id, `aaaaa-${String(n + 1).padStart(5, "0")}`),
    text,
  );
  const lines = named.replace(/\b\d\d:\d\d:\d\d\b/g, "12:00:00").split("\n");
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/**
 * Holds the lines of a screen that nobody has drawn against `snapshots/<name>.txt`. `UPDATE_SNAPSHOTS=1` writes
 * them down instead.
 */
export function linesLookLike(lines: readonly ScreenLine[], name: string): void {
  const path = join(FOLDER, `${name}.txt`);
  const text = normal(lines.map((line) => line.text).join("\n"), []);
  if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") Deno.writeTextFileSync(path, text);
  else equal(text, Deno.readTextFileSync(path), name);
}
