import { BottleError } from "../core/errors.ts";
import { randomSlug, slugFromLabel } from "../core/slug.ts";
import { prepareAgent } from "./agent_start.ts";
import { checkProject } from "./bottle/copy_project.ts";
import { bottleLayout } from "./bottle/layout.ts";
import { runInBottle } from "./bottle/run_in_bottle.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { withPrompt } from "./start/prompt_text.ts";
import { labelProblem } from "./start/label_problem.ts";
import { planStart, type StartPlan } from "./start/plan_start.ts";
import type { StartFlags } from "./start_command.ts";

/** `bot-bottle start`: an agent in a bottle, on the operator's terminal. */
export async function start(this: CliContext, given: StartFlags, agent?: string): Promise<void> {
  const { host } = this;
  const flags = withPrompt(given);
  if (flags.cwd) checkProject(host);
  const plan = await planStart(this, flags, agent);
  if (plan === undefined) return;
  for (let { label } = plan;;) {
    label = await freeLabel(host, plan.agent, label);
    try {
      return this.exitWith(await startNamed(host, flags, plan, label));
    } catch (error) {
      // Somebody else took the name between the question and the claim.
      if (!(error instanceof BottleError) || error.code !== "slug_taken") throw error;
      if (!host.terminal.interactive && label !== undefined) throw error;
    }
  }
}

/** A label whose slug is free, or none; on a terminal another is asked for while the one given is taken. */
async function freeLabel(
  host: Host,
  agent: string,
  label: string | undefined,
): Promise<string | undefined> {
  // Without a terminal the claim on the slug fails, and says why.
  if (label === undefined || !host.terminal.interactive) return label;
  const problem = labelProblem(host, label);
  if (problem === undefined) return label;
  const { askText } = await import("./ui/ask.ts");
  const another = await askText(host, {
    title: `Another label for ${agent}`,
    initial: label,
    hint: `${problem}. Without one the name is ${agent} and five random characters.`,
    check: (text) => text === "" ? undefined : labelProblem(host, text),
  });
  return another === "" ? undefined : another;
}

/** Runs the agent in a new bottle to its end and gives its exit code. @throws BottleError `slug_taken`. */
async function startNamed(
  host: Host,
  flags: StartFlags,
  { agent, chosen, backend, bottles, colour }: StartPlan,
  label: string | undefined,
): Promise<number> {
  const slug = label === undefined ? randomSlug(agent, host.random) : slugFromLabel(label);
  const title = `${label ?? slug} (${agent})`;
  const { spec, argv } = await prepareAgent(host, chosen, {
    given: Object.fromEntries(flags.env ?? []),
    prompt: flags.prompt,
    resumedHome: undefined,
    label: title,
    color: colour,
  });
  const started = host.clock.now();
  const code = await runInBottle(host, backend, {
    layout: bottleLayout(bottleHome(host), host.uid, slug),
    record: {
      version: 1,
      slug,
      backend: backend.name,
      agent,
      template: chosen.provider.name,
      bottles: chosen.declared.bottles,
      skills: chosen.declared.agent?.skills ?? [],
      ...(bottles.length === 0 ? {} : { picked: true }),
      ...(chosen.declared.agent?.place === "working directory" ? { folder: host.cwd } : {}),
      ...(flags.cwd ? { origin: host.cwd } : {}),
      started: started.toISOString(),
      preserved: true,
      ...(label === undefined ? {} : { label }),
      ...(colour === undefined ? {} : { color: colour }),
    },
    spec,
    ...(flags.cwd ? { copyIn: host.cwd } : {}),
  }, { argv, title, unattended: flags.prompt !== undefined });
  // Not loaded before: no start has to wait for what is said at its end.
  const { tellEnd } = await import("./tell_end.ts");
  tellEnd(host, slug, started, flags.cwd ? host.cwd : undefined);
  return code;
}
