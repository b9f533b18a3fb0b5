import { join } from "node:path/posix";
import { BottleError, ExitCode } from "../core/errors.ts";
import { randomSlug, slugFromLabel } from "../core/slug.ts";
import { infoLines } from "../manifest/explain.ts";
import { printable } from "../sys/log.ts";
import { namesIn } from "./bottle/find_bottles.ts";
import { bottleLayout } from "./bottle/layout.ts";
import { hostExecuted } from "./bottle/host_executed.ts";
import { runInBottle } from "./bottle/run_in_bottle.ts";
import { chooseBackend } from "./choose_backend.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { chosenManifest, hostCatalog, resolveSpec } from "./load_spec.ts";
import type { StartFlags } from "./start_command.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/** The better of the shells that the bottle has. */
const SHELL = ["sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh -i; fi"];

/** `bot-bottle start`: an agent in a bottle, on the operator's terminal. */
export async function start(this: CliContext, flags: StartFlags, agent?: string): Promise<void> {
  const { host } = this;
  const name = agent ?? await pickAgent(host);
  const bottles = flags.bottle ?? [];
  const { effective, places } = await chosenManifest(host, { agent: name, bottles });
  const template = effective.bottle.agent_provider?.template ?? "command";
  if (template !== "command") {
    throw new BottleError(`Cannot start agent ${name}: provider ${template} is not built yet`, {
      code: "unknown_provider",
      exit: ExitCode.cannotStart,
      hint: "use agent_provider.template: command for now",
    });
  }
  const backend = chooseBackend(host, flags.backend);
  this.process.stderr.write(`${infoLines(effective).join("\n")}\n`);
  if (flags.dryRun) return;
  if (!flags.yes) {
    if (!host.terminal.interactive) throw missingTerminal("confirm the start", "--yes");
    const answer = await host.terminal.ask(`Start ${name}? [y/N] `);
    if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
      host.log.info("not started");
      this.exitWith(ExitCode.failed);
      return;
    }
  }
  const given = Object.fromEntries(flags.env ?? []);
  const spec = await resolveSpec(host, effective, places, given);
  const { slug, label } = await freeName(host, name, flags.label);
  const code = await runInBottle(host, backend, {
    layout: bottleLayout(bottleHome(host), host.uid, slug),
    record: {
      version: 1,
      slug,
      backend: backend.name,
      agent: name,
      bottles: effective.bottles,
      started: host.clock.now().toISOString(),
      preserved: true,
      ...(label === undefined ? {} : { label }),
      ...(flags.color === undefined ? {} : { color: flags.color }),
    },
    spec,
    ...(flags.cwd ? { copyIn: host.cwd } : {}),
  }, {
    argv: flags.prompt === undefined ? SHELL : ["sh", "-c", flags.prompt],
    title: `${label ?? slug} (${name})`,
  });
  tellHostExecuted(host, slug, flags.cwd ? host.cwd : undefined);
  if (host.terminal.interactive) {
    host.log.info(`${slug} is kept in ${join(bottleHome(host), "state", slug)}`);
  }
  this.exitWith(code);
}

/** Most files that are named; the rest are counted. */
const MOST_NAMED = 20;

/** Names what the agent left that would run on this machine later, before anybody uses the workspace. */
function tellHostExecuted(host: Host, slug: string, origin: string | undefined): void {
  const { workspace } = bottleLayout(bottleHome(host), host.uid, slug);
  const { files, cut } = hostExecuted(workspace, origin);
  if (files.length === 0 && !cut) return;
  host.log.warn(`look at these before you use ${workspace}: they would run on this machine`);
  for (const { path, change, what } of files.slice(0, MOST_NAMED)) {
    host.log.warn(
      `  ${change} ${printable(path)}${
        what.length === 0 ? "" : ` (${printable(what.join(", "))})`
      }`,
    );
  }
  const rest = files.length - MOST_NAMED;
  if (rest > 0) host.log.warn(`  and ${rest} more`);
  if (cut) {
    host.log.warn("  and perhaps more: the workspace has too many files to look at all of them");
  }
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
