import { BottleError, ExitCode } from "../../core/errors.ts";
import { providerOf } from "../../providers/registry.ts";
import type { InitFlags } from "../init_command.ts";
import { missingTerminal } from "../ui/missing_terminal.ts";
import { type InitAnswers, nameProblem } from "./answers.ts";
import { type Answering, checked, type InitScene, mayReplace, newName } from "./answering.ts";
import { askBottle } from "./ask_bottle.ts";
import type { Questions } from "./questions_on.ts";

/**
 * Every answer that a new agent needs. Nothing is written.
 *
 * @param ask undefined without a terminal: what no flag answers is an error that names the flag, or has its default.
 * @throws BottleError `no_terminal`, `bad_answer` for a flag, `exists`, or `interrupted` for a question that was left.
 */
export async function askAnswers(
  flags: InitFlags,
  scene: InitScene,
  ask: Questions | undefined,
): Promise<InitAnswers> {
  const answering: Answering = { flags, scene, ask, askMore: flags.yes ? undefined : ask };
  if (flags.provider !== undefined) providerOf(flags.provider); // a name that is wrong is said first
  const agent = await agentName(answering);
  const bottle = await askBottle(answering, agent);
  const project = await isForProject(answering);
  const prompt = await systemPrompt(answering);
  return { agent, project, prompt, bottle };
}

async function agentName({ flags, scene: { agents }, ask }: Answering): Promise<string> {
  if (flags.agent !== undefined) {
    const name = checked("--agent", flags.agent, nameProblem);
    await mayReplace("agent", name, agents, flags, ask);
    return name;
  }
  if (ask === undefined) throw missingTerminal("name the agent", "--agent NAME");
  return await ask.askText({
    title: "Name of the agent",
    initial: ["dev", "agent"].find((name) => !agents.includes(name)) ?? "",
    hint: "bot-bottle start NAME will start it",
    check: newName("agent", agents, flags.force),
  });
}

async function isForProject({ flags, scene, askMore }: Answering): Promise<boolean> {
  if (flags.project && scene.projectFolder === undefined) {
    throw new BottleError("Cannot use --project: this folder's .bot-bottle is your own", {
      code: "bad_answer",
      exit: ExitCode.usage,
      hint: "leave --project out, or go to the folder of a project",
    });
  }
  if (flags.project || askMore === undefined || scene.projectFolder === undefined) {
    return flags.project;
  }
  const [yours, projects] = ["yours", "this project's"];
  const chosen = await askMore.pickOne({
    title: "Where does the agent belong?",
    choices: [
      { value: yours, hint: `usable in every folder: ${scene.homeFolder}` },
      { value: projects, hint: `may be committed with it: ${scene.projectFolder}` },
    ],
    selected: yours,
  });
  return chosen === projects;
}

async function systemPrompt({ flags, askMore }: Answering): Promise<string> {
  if (flags.prompt !== undefined || askMore === undefined) return flags.prompt?.trim() ?? "";
  return await askMore.askText({
    title: "System prompt",
    hint: "What the agent is told before every conversation, such as: You write the test first. " +
      "Empty: nothing. More lines can be added later with bot-bottle edit.",
  });
}
