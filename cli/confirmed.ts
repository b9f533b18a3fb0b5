import type { Host } from "./context.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/**
 * Whether the operator says yes; anything else, also the end of input, is no.
 *
 * @throws BottleError `no_terminal` that names `--yes`.
 */
export async function confirmed(
  { terminal }: Pick<Host, "terminal">,
  question: string,
): Promise<boolean> {
  if (!terminal.interactive) throw missingTerminal("confirm the start", "--yes");
  const answer = await terminal.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}
