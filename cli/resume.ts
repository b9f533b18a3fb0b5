import { basename } from "node:path/posix";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { nearest } from "../core/diagnostic.ts";
import { infoLines } from "../manifest/explain.ts";
import { chosenAgent, prepareAgent } from "./agent_start.ts";
import { leftDeployKeys, revokeDeployKeys } from "./bottle/deploy_keys.ts";
import { findBottles, type StateOnDisk } from "./bottle/find_bottles.ts";
import type { BottleRecord } from "./bottle/record.ts";
import { pointLines, settleFiles, startPoint } from "./bottle/start_point.ts";
import { runInBottle } from "./bottle/run_in_bottle.ts";
import { chooseBackend } from "./choose_backend.ts";
import { confirmed } from "./confirmed.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import type { ResumeFlags } from "./resume_command.ts";
import { withPrompt } from "./start/prompt_text.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/** `bot-bottle resume`: from what is on the disk alone. */
export async function resume(this: CliContext, given: ResumeFlags, named?: string): Promise<void> {
  const { host } = this;
  const flags = withPrompt(given);
  const slug = named ?? await pickKept(host);
  const { layout, record, agent } = keptBottle(host, slug);
  const point = startPoint(layout, record, flags.from);
  const chosen = await chosenAgent(
    record.folder === undefined ? host : { ...host, cwd: record.folder },
    {
      agent,
      // From where it was: no file that came meanwhile takes its place.
      agentPlace: record.folder === undefined ? "home" : "working directory",
      bottles: record.picked === true ? record.bottles : [],
    },
  );
  const { provider: { name: template } } = chosen;
  if (record.template !== template) {
    throw refusal(
      slug,
      `it was started with provider ${record.template}, and is ${template} now`,
      "not_resumable",
      "start a new bottle, or give the agent its provider back",
    );
  }
  const backend = chooseBackend(host, record.backend);
  this.process.stderr.write(`${infoLines(chosen.shown).join("\n")}\n`);
  for (const line of pointLines(point, host.clock.now())) host.log.info(line);
  if (!flags.yes && !await confirmed(host, `Resume ${slug}?`)) {
    host.log.info("not resumed");
    this.exitWith(ExitCode.failed);
    return;
  }
  const title = `${record.label ?? slug} (${agent})`;
  const { spec, argv } = await prepareAgent(host, chosen, {
    given: Object.fromEntries(flags.env ?? []),
    prompt: flags.prompt,
    resumedHome: point.snapshot === undefined ? layout.home : `${point.snapshot.folder}/home`,
    label: title,
    color: record.color,
  });
  const later = laterSkills(record, chosen.declared.agent?.skills ?? []);
  if (later !== undefined) host.log.warn(later);
  const updated = versionLine(record, spec.agent?.toolchain);
  if (updated !== undefined) host.log.info(updated);
  if (leftDeployKeys(layout) > 0) {
    await revokeDeployKeys(host, layout).catch((error) => host.log.warn(messageOf(error)));
  }
  const started = host.clock.now();
  const code = await runInBottle(host, backend, {
    layout,
    record: {
      ...record,
      bottles: chosen.declared.bottles,
      ...(point.passed === undefined ? {} : { commit: point.passed }),
      started: started.toISOString(),
    },
    spec,
    resumed: true,
    settle: (signal) => settleFiles(host, backend, layout, record, point, signal),
  }, { argv, title, unattended: flags.prompt !== undefined });
  // Not loaded before: no start has to wait for what is said at its end.
  const { tellEnd } = await import("./tell_end.ts");
  tellEnd(host, slug, started, record.origin);
  this.exitWith(code);
}

/** Lets the operator choose one of the bottles that are kept and had an agent, the newest first. */
async function pickKept(host: Host): Promise<string> {
  const kept = findBottles(bottleHome(host), host.uid)
    .filter(({ state, record }) => state === "kept" && record?.agent !== undefined)
    .sort((a, b) => b.record!.started.localeCompare(a.record!.started));
  if (kept.length === 0) {
    throw new BottleError("Cannot resume: no bottle is kept", {
      code: "no_bottle",
      exit: ExitCode.usage,
      hint: "start one with bot-bottle start; bot-bottle list shows what runs",
    });
  }
  if (!host.terminal.interactive) throw missingTerminal("choose a bottle to resume", "SLUG");
  const { pickOne } = await import("./ui/ask.ts");
  return await pickOne(host, {
    title: "Resume which bottle?",
    choices: kept.map(({ slug, record }) => ({
      value: slug,
      hint: `${record!.label ?? "-"} (${record!.agent}), started ${
        record!.started.slice(0, 16).replace("T", " ")
      }`,
    })),
  });
}

/**
 * What to say when the agent's CLI was updated since it ran: its own files in the home are of the former version.
 *
 * @param toolchain folder of the CLI, named `provider-version-…`.
 */
export function versionLine(
  { slug, toolchain: former }: Pick<BottleRecord, "slug" | "toolchain">,
  toolchain: string | undefined,
): string | undefined {
  const [before, now] = [versionOf(former), versionOf(toolchain)];
  if (before === undefined || now === undefined || before === now) return undefined;
  return `${slug} ran with version ${before} of its agent, and has ${now} now`;
}

/** What to say of skills that the agent got after its bottle was made: the home is the agent's own since then. */
export function laterSkills(
  { slug, skills = [] }: Pick<BottleRecord, "slug" | "skills">,
  now: readonly string[],
): string | undefined {
  const later = now.filter((name) => !skills.includes(name));
  return later.length === 0
    ? undefined
    : `${slug} was made without skill ${later.join(", ")}: a new bottle will have it`;
}

function versionOf(folder: string | undefined): string | undefined {
  return folder === undefined ? undefined : /^[a-z]+-([^-]+)-/.exec(basename(folder))?.[1];
}

/**
 * A bottle that is kept and had an agent.
 *
 * @throws BottleError `no_bottle`, `slug_taken`, `not_resumable`.
 */
function keptBottle(
  host: Host,
  slug: string,
): Pick<StateOnDisk, "layout"> & { record: BottleRecord; agent: string } {
  const bottles = findBottles(bottleHome(host), host.uid);
  const found = bottles.find((bottle) => bottle.slug === slug);
  if (found === undefined || found.state === "dead") {
    const near = nearest(slug, bottles.map((bottle) => bottle.slug));
    const list = near === undefined
      ? "bot-bottle list shows what is kept"
      : `did you mean ${near}?`;
    throw refusal(
      slug,
      found === undefined ? "there is no such bottle" : "it was never started",
      "no_bottle",
      found === undefined ? list : "bot-bottle cleanup removes it",
    );
  }
  if (found.state === "running") throw refusal(slug, "it is running", "slug_taken", "end it first");
  const { record, layout } = found;
  if (record?.agent === undefined) {
    throw refusal(
      slug,
      "it ran a command, no agent",
      "not_resumable",
      "start an agent in a bottle",
    );
  }
  return { layout, record, agent: record.agent };
}

function refusal(slug: string, reason: string, code: string, hint: string): BottleError {
  return new BottleError(`Cannot resume ${JSON.stringify(slug)}: ${reason}`, {
    code,
    exit: ExitCode.usage,
    hint,
  });
}
