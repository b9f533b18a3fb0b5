import { join } from "node:path/posix";
import { BottleError, ExitCode } from "../core/errors.ts";
import { randomSlug, slugFromLabel } from "../core/slug.ts";
import { infoLines } from "../manifest/explain.ts";
import { chosenAgent, prepareAgent } from "./agent_start.ts";
import { namesIn } from "./bottle/find_bottles.ts";
import { bottleLayout } from "./bottle/layout.ts";
import { runInBottle } from "./bottle/run_in_bottle.ts";
import { chooseBackend } from "./choose_backend.ts";
import { confirmed } from "./confirmed.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { hostCatalog } from "./load_spec.ts";
import type { StartFlags } from "./start_command.ts";
import { tellSession } from "./session_summary.ts";
import { tellHostExecuted } from "./tell_host_executed.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/** `bot-bottle start`: an agent in a bottle, on the operator's terminal. */
export async function start(this: CliContext, flags: StartFlags, agent?: string): Promise<void> {
  const { host } = this;
  const name = agent ?? await pickAgent(host);
  const bottles = flags.bottle ?? [];
  const chosen = await chosenAgent(host, { agent: name, bottles });
  const backend = chooseBackend(host, flags.backend);
  this.process.stderr.write(`${infoLines(chosen.shown).join("\n")}\n`);
  if (flags.dryRun) return;
  if (!flags.yes && !await confirmed(host, `Start ${name}?`)) {
    host.log.info("not started");
    this.exitWith(ExitCode.failed);
    return;
  }
  const { slug, label } = await freeName(host, name, flags.label);
  const title = `${label ?? slug} (${name})`;
  const { spec, argv } = await prepareAgent(host, chosen, {
    given: Object.fromEntries(flags.env ?? []),
    prompt: flags.prompt,
    resumed: false,
    label: title,
    color: flags.color,
  });
  const started = host.clock.now();
  const code = await runInBottle(host, backend, {
    layout: bottleLayout(bottleHome(host), host.uid, slug),
    record: {
      version: 1,
      slug,
      backend: backend.name,
      agent: name,
      template: chosen.provider.name,
      bottles: chosen.declared.bottles,
      ...(bottles.length === 0 ? {} : { picked: true }),
      ...(chosen.declared.agent?.place === "working directory" ? { folder: host.cwd } : {}),
      ...(flags.cwd ? { origin: host.cwd } : {}),
      started: started.toISOString(),
      preserved: true,
      ...(label === undefined ? {} : { label }),
      ...(flags.color === undefined ? {} : { color: flags.color }),
    },
    spec,
    ...(flags.cwd ? { copyIn: host.cwd } : {}),
  }, { argv, title });
  tellSession(host, slug, started);
  tellHostExecuted(host, slug, flags.cwd ? host.cwd : undefined);
  if (host.terminal.interactive) {
    host.log.info(`${slug} is kept; bot-bottle resume ${slug} goes on`);
  }
  this.exitWith(code);
}

/** A slug that is free; on a terminal another label is asked for while the one given is taken. */
async function freeName(
  host: Host,
  agent: string,
  label: string | undefined,
): Promise<{ slug: string; label?: string }> {
  if (label === undefined) return { slug: randomSlug(agent, host.random) };
  const slug = slugFromLabel(label);
  const taken = namesIn(join(bottleHome(host), "state")).includes(slug);
  // Without a terminal the claim on the slug fails, and says why.
  if (!taken || !host.terminal.interactive) return { slug, label };
  const answer = await host.terminal.ask(`A bottle named ${slug} exists. Another label: `);
  if (answer === null || answer.trim() === "") {
    throw new BottleError("No label was given", {
      code: "interrupted",
      exit: ExitCode.interrupted,
    });
  }
  return freeName(host, agent, answer.trim());
}

async function pickAgent(host: Host): Promise<string> {
  if (!host.terminal.interactive) throw missingTerminal("choose an agent", "AGENT");
  const { catalog } = await hostCatalog(host);
  if (catalog.agents.length === 0) {
    throw new BottleError("There is no agent to start", {
      code: "no_agent",
      exit: ExitCode.manifest,
      hint: `write one to ${join(bottleHome(host), "agents")}/NAME.md; docs/manifest.md shows how`,
    });
  }
  const { pick } = await import("./ui/pick.ts");
  return await pick(
    "Which agent?",
    catalog.agents.map(({ name, place }) => ({ value: name, hint: place })),
  );
}
