import { BottleError, ExitCode } from "../../core/errors.ts";
import { infoLines } from "../../manifest/explain.ts";
import { type ChosenAgent, chosenAgent } from "../agent_start.ts";
import { chooseBackend, type ChosenBackend } from "../choose_backend.ts";
import type { CliContext, Host } from "../context.ts";
import { hostCatalog } from "../load_spec.ts";
import type { StartFlags } from "../start_command.ts";
import { missingTerminal } from "../ui/missing_terminal.ts";
import { labelProblem } from "./label_problem.ts";
import { refuseShadowed } from "./shadowed_agent.ts";
import { questionsOf } from "./start_questions.ts";
import type { WizardCatalog } from "./wizard_facts.ts";

/** Everything that was decided before a bottle is opened. */
export interface StartPlan {
  readonly agent: string;
  readonly chosen: ChosenAgent;
  readonly backend: ChosenBackend;
  /** Bottles that replace the agent's own. */
  readonly bottles: readonly string[];
  readonly label: string | undefined;
  readonly colour: string | undefined;
}

/**
 * What to start: by the flags, and by questions where there is a terminal.
 *
 * @returns undefined when nothing is to be started, which was said then.
 * @throws BottleError `no_terminal` for a question that nobody can be asked, `interrupted` when it was left.
 */
export async function planStart(
  context: CliContext,
  flags: StartFlags,
  agent: string | undefined,
): Promise<StartPlan | undefined> {
  const { host } = context;
  const asks = agent === undefined || !flags.yes;
  if (host.terminal.interactive && asks && !flags.dryRun) return await ask(context, flags, agent);
  const name = agent ?? await pickAgent(host);
  const bottles = flags.bottle ?? [];
  const chosen = await chosenAgent(host, { agent: name, bottles });
  const backend = chooseBackend(host, flags.backend);
  context.process.stderr.write(`${infoLines(chosen.shown).join("\n")}\n`);
  if (flags.dryRun) return undefined;
  if (!flags.yes) throw missingTerminal("confirm the start", "--yes");
  refuseShadowed(chosen.declared, flags);
  return { agent: name, chosen, backend, bottles, label: flags.label, colour: flags.color };
}

async function ask(
  context: CliContext,
  flags: StartFlags,
  agent: string | undefined,
): Promise<StartPlan | undefined> {
  const { host } = context;
  const backend = chooseBackend(host, flags.backend);
  const catalog = agent === undefined ? await someAgents(host) : await hostCatalog(host);
  const checkLabel = (label: string) => labelProblem(host, label);
  const problem = flags.label === undefined ? undefined : checkLabel(flags.label);
  const { askToStart } = await import("./ask_to_start.ts");
  const answers = await askToStart(host, catalog, {
    given: {
      bottles: flags.bottle ?? [],
      backend: backend.name,
      workspace: flags.cwd ? `a copy of ${host.cwd}` : "empty",
      prompt: flags.prompt,
    },
    questions: questionsOf(flags, agent, problem),
    agents: catalog.catalog.agents.map(({ name }) => name),
    label: flags.label ?? "",
    colour: flags.color,
    checkLabel,
  }, agent);
  if (answers === undefined) {
    host.log.info("not started");
    context.exitWith(ExitCode.failed);
    return undefined;
  }
  const { shown: { chosen }, bottles, label, colour } = answers;
  refuseShadowed(chosen.declared, flags);
  if (flags.yes) context.process.stderr.write(`${infoLines(chosen.shown).join("\n")}\n`);
  return {
    agent: answers.agent,
    chosen,
    backend,
    bottles,
    label: label === "" ? undefined : label,
    colour,
  };
}

async function pickAgent(host: Host): Promise<string> {
  if (!host.terminal.interactive) throw missingTerminal("choose an agent", "AGENT");
  const { catalog } = await someAgents(host);
  const { pickOne } = await import("../ui/ask.ts");
  const choices = catalog.agents.map(({ name, place }) => ({ value: name, hint: place }));
  return await pickOne(host, { title: "Which agent?", choices });
}

/** The catalog, with at least one agent. @throws BottleError `no_agent`. */
async function someAgents(host: Host): Promise<WizardCatalog> {
  const found = await hostCatalog(host);
  if (found.catalog.agents.length > 0) return found;
  throw new BottleError("There is no agent to start", {
    code: "no_agent",
    exit: ExitCode.manifest,
    hint: "bot-bottle init makes one; docs/manifest.md shows how to write one",
  });
}
