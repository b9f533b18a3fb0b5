import { BottleError, ExitCode } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { InitFlags } from "../init_command.ts";
import { type Check, nameProblem } from "./answers.ts";
import type { Questions } from "./questions_on.ts";

/** What is known before the first question. */
export interface InitScene {
  readonly agents: readonly string[];
  readonly bottles: readonly string[];
  /** Where agents of the operator's home and of the working directory are kept; the second only where it is another. */
  readonly homeFolder: string;
  readonly projectFolder: string | undefined;
  /** Upstream of the working directory's repository, as git has it. */
  readonly remote: string | undefined;
  /** Provider that a new bottle would get from its parents. */
  inherited(parents: readonly string[]): Promise<string | undefined>;
}

/** Who answers: flags first, then whoever is asked. */
export interface Answering {
  readonly flags: InitFlags;
  readonly scene: InitScene;
  /** Undefined without a terminal. */
  readonly ask: Questions | undefined;
  /** Asks what has a default: undefined without a terminal, and where `--yes` says not to. */
  readonly askMore: Questions | undefined;
}

/** A name that is free; on the screen another one is typed as quickly as a file is replaced by mistake. */
export function newName(
  what: "agent" | "bottle",
  taken: readonly string[],
  force: boolean,
): Check {
  return (text) =>
    nameProblem(text) ??
      (taken.includes(text) && !force
        ? `${what} ${text} is there already: choose another name, or change it with bot-bottle edit ${
          what === "bottle" ? "--bottle " : ""
        }${text}`
        : undefined);
}

/** Asks before something that is there is replaced. Throws BottleError `exists` that names `--force`. */
export async function mayReplace(
  what: "agent" | "bottle",
  name: string,
  there: readonly string[],
  { force, dryRun }: InitFlags,
  ask: Questions | undefined,
): Promise<void> {
  if (force || dryRun || !there.includes(name)) return;
  if (
    await ask?.askYes({
      title: `Replace ${what} ${name}?`,
      lines: [`There is ${what} ${name} already. Its file would be written anew.`],
    })
  ) return;
  throw new BottleError(`Cannot make ${what} ${JSON.stringify(name)}: it is there already`, {
    code: "exists",
    exit: ExitCode.usage,
    hint: `choose another name, or give --force to replace it; bot-bottle edit changes it`,
  });
}

/** A flag's value. Throws BottleError `bad_answer`; the value is in the message where `shown` says so. */
export function checked(flag: string, value: string, check: Check, shown = true): string {
  const text = value.trim();
  const problem = check(text);
  if (problem === undefined) return text;
  const what = shown ? ` ${JSON.stringify(printable(text))}` : "";
  throw new BottleError(`Cannot use ${flag}${what}: ${problem}`, {
    code: "bad_answer",
    exit: ExitCode.usage,
    hint: "bot-bottle init --help shows examples",
  });
}
