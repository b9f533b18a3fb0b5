import { isCancel, select } from "@clack/prompts";
import { BottleError, ExitCode } from "../../core/errors.ts";

/** Something that can be picked. */
export interface Choice {
  readonly value: string;
  readonly hint?: string;
}

/** Lets the operator pick one. Check for a terminal before. Throws BottleError `interrupted` on Ctrl-C. */
export async function pick(question: string, choices: readonly Choice[]): Promise<string> {
  const answer = await select({
    message: question,
    options: choices.map(({ value, hint }) => ({
      value,
      label: value,
      ...(hint === undefined ? {} : { hint }),
    })),
  });
  if (!isCancel(answer)) return answer;
  throw new BottleError("Nothing was chosen", {
    code: "interrupted",
    exit: ExitCode.interrupted,
  });
}
