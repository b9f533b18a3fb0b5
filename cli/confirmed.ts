import type { Host } from "./context.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/**
 * Whether the operator says yes; anything else, also the end of input, is no.
 *
 * @param what names the step where nobody can be asked.
 * @throws BottleError `no_terminal` that names `--yes`.
 */
export async function confirmed(
  { terminal }: Pick<Host, "terminal">,
  question: string,
  what = "confirm the start",
): Promise<boolean> {
  if (!terminal.interactive) throw missingTerminal(what, "--yes");
  const answer = await terminal.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}
