import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { printableLine } from "../core/printable.ts";
import type { Catalog, CatalogEntry } from "../manifest/catalog.ts";
import { manifestName } from "../manifest/manifest_name.ts";
import type { ManifestPlaces } from "../manifest/places.ts";
import { manifestError } from "../manifest/problem.ts";
import { readManifestText } from "../manifest/source.ts";
import { requireTrustedFile } from "../manifest/trusted_file.ts";
import { findBottles } from "./bottle/find_bottles.ts";
import type { CliContext, Host } from "./context.ts";
import { draftedFiles } from "./drafted_files.ts";
import { agentsIn, loadedOrNot, runningWith } from "./edit/affected.ts";
import { differenceLines } from "./edit/difference.ts";
import { Draft, forgetDraft, keptDraft } from "./edit/draft.ts";
import { edited, type EditEnd } from "./edit/edited.ts";
import type { EditFlags } from "./edit_command.ts";
import { draftFolder, editInTerminal } from "./edit_in_terminal.ts";
import { bottleHome } from "./home.ts";
import { type Questions, questionsOn } from "./init/questions_on.ts";
import { judgeManifest } from "./judge_manifest.ts";
import { hostCatalog } from "./load_spec.ts";
import { hostFiles } from "./manifest_files.ts";
import { writeManifest } from "./write_manifest.ts";

/** A manifest that is edited, and what there is around it. */
interface Edited {
  readonly what: "agent" | "bottle";
  readonly entry: CatalogEntry;
  readonly catalog: Catalog;
  readonly places: ManifestPlaces;
}

/** `bot-bottle edit`: an agent or a bottle in the operator's editor. */
export async function edit(this: CliContext, flags: EditFlags, agent?: string): Promise<void> {
  const { host } = this;
  const [what, name] = chosen(flags, agent);
  const { catalog, places } = await hostCatalog(host);
  const entry = entryOf(what, name, catalog);
  const ask = questionsOn(host);
  if (entry === undefined) return await offerInit(this, what, name, ask);
  if (ask === undefined) {
    throw new BottleError(`Cannot edit ${name}: there is no terminal for the editor`, {
      code: "no_terminal",
      exit: ExitCode.usage,
      hint: `change ${entry.file} in your own way; bot-bottle explain ${
        what === "agent" ? name : `--bottle ${name}`
      } checks it`,
    });
  }
  await requireTrustedFile(hostFiles, places, entry);
  await editEntry(this, { what, entry, catalog, places }, ask);
}

function chosen(
  { bottle }: EditFlags,
  agent: string | undefined,
): readonly ["agent" | "bottle", string] {
  if (agent !== undefined && bottle === undefined) return ["agent", agent];
  if (bottle !== undefined && agent === undefined) return ["bottle", bottle];
  throw new BottleError(
    agent === undefined ? "Cannot edit nothing" : "Cannot edit an agent and a bottle at once",
    { code: "usage", exit: ExitCode.usage, hint: "give AGENT, or --bottle NAME" },
  );
}

/** The entry of a name; undefined for a name that is free. Throws BottleError for one that is misspelt. */
function entryOf(
  what: "agent" | "bottle",
  name: string,
  { agents, bottles }: Catalog,
): CatalogEntry | undefined {
  const entries = what === "agent" ? agents : bottles;
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, entries.map((entry) => entry.name));
  if (near === undefined && manifestName(`${name}.md`) !== undefined) return undefined;
  throw unknown(what, name, near === undefined ? LIST : `did you mean ${near}?`);
}

const LIST = "bot-bottle list available shows the agents and bottles";

function unknown(what: "agent" | "bottle", name: string, hint: string): BottleError {
  const title = what === "agent" ? "Agent" : "Bottle";
  return manifestError(
    what === "agent" ? "manifest_no_agent" : "manifest_extends",
    `${title} ${JSON.stringify(name)} does not exist`,
    { hint },
  );
}

async function offerInit(
  context: CliContext,
  what: "agent" | "bottle",
  name: string,
  ask: Questions | undefined,
): Promise<void> {
  if (ask === undefined || what === "bottle") {
    throw unknown(
      what,
      name,
      what === "agent" ? `bot-bottle init --agent ${name} makes it` : LIST,
    );
  }
  const wanted = await ask.askYes({
    title: `Make agent ${name}?`,
    lines: [`There is no agent ${name} yet. bot-bottle init asks what it needs to know.`],
  });
  if (!wanted) throw unknown(what, name, LIST);
  const { init } = await import("./init.ts");
  const flags = { forwardHostCredentials: false, project: false, yes: false, force: false };
  await init.call(context, { ...flags, dryRun: false, agent: name });
}

async function editEntry(context: CliContext, it: Edited, ask: Questions): Promise<void> {
  const { host } = context;
  const { what, entry: { name, file } } = it;
  const before = await readManifestText(hostFiles, file);
  const folder = draftFolder(bottleHome(host), host.clock.now());
  const draftName = `${what}-${name}`;
  const draft = Draft.of(folder, draftName, await firstText(folder, draftName, before, it, ask));
  const keep = () =>
    host.log.info(`the draft is kept in ${draft.keep()} for a day; the next edit goes on with it`);
  let end: EditEnd;
  try {
    end = await edited(before, draft, {
      ask,
      editor: (path) => runEditor(host, path),
      judge: (text) => judge(text, it),
      onDisk: () => hostFiles.readText(file),
    });
    if (end.kind === "changed") await writeManifest(file, end.text, modeOf(file), bottleHome(host));
  } catch (error) {
    // Whatever went wrong, what was typed is not lost.
    if (draft.differs(before)) keep();
    else draft.drop();
    throw error;
  }
  if (end.kind === "kept") keep();
  else draft.drop();
  if (end.kind === "changed" || end.kind === "dropped") forgetDraft(folder, draftName);
  if (end.kind === "unchanged") host.log.info("nothing changed");
  if (end.kind === "dropped") host.log.info(`${file} is as it was`);
  if (end.kind === "changed") return await tellChange(context, it, before, end.text);
  if (end.kind !== "unchanged") context.exitWith(ExitCode.failed);
}

async function runEditor(host: Host, path: string): Promise<number> {
  using _modes = host.terminal.guard();
  return await editInTerminal(host, path);
}

/** The text to begin with: the manifest's, or the draft that was kept the last time. */
async function firstText(
  folder: string,
  name: string,
  before: string,
  { entry: { file } }: Edited,
  ask: Questions,
): Promise<string> {
  const kept = keptDraft(folder, name);
  if (kept === undefined || kept.text === before) return before;
  const when = kept.changed?.toISOString().slice(0, 16).replace("T", " ") ?? "some time ago";
  const goOn = await ask.askYes({
    title: "Go on with the draft?",
    lines: [
      `A draft of ${when} UTC was kept. Without it you begin with ${file} as it is.`,
      "",
      ...differenceLines(before, kept.text, false),
    ],
  });
  if (!goOn) return before;
  forgetDraft(folder, name);
  return kept.text;
}

/**
 * Whether a start would take the manifest with this text. A bottle is also judged for every agent that works in it:
 * what a parent says can clash with a child.
 */
async function judge(text: string, { what, entry, catalog, places }: Edited): Promise<void> {
  const drafted = draftedFiles(hostFiles, { [entry.file]: text });
  if (what === "agent") {
    try {
      await judgeManifest(drafted, places, { agent: entry.name, bottles: [] });
    } catch (error) {
      // It is started with --bottle, which nobody has given here.
      if (!(error instanceof BottleError) || error.code !== "manifest_no_bottle") throw error;
    }
    return;
  }
  await judgeManifest(drafted, places, { bottles: [entry.name] });
  for (const agent of await agentsIn(entry.name, hostFiles, places, catalog)) {
    const before = await loadedOrNot(hostFiles, places, catalog, { agent, bottles: [] });
    if (before !== undefined) await judgeManifest(drafted, places, { agent, bottles: [] });
  }
}

/** The permission bits of a file; those of a new one when it is gone. */
function modeOf(file: string): number {
  try {
    return (Deno.statSync(file).mode ?? 0o600) & 0o777;
  } catch {
    return 0o600;
  }
}

async function tellChange(
  { host, process }: CliContext,
  { what, entry: { name, file }, catalog, places }: Edited,
  before: string,
  text: string,
): Promise<void> {
  host.log.info(`changed ${what} ${name}: ${printableLine(file)}`);
  const colour = host.terminal.stderr && host.env("NO_COLOR") === undefined;
  for (const line of differenceLines(before, text, colour)) process.stderr.write(`${line}\n`);
  const running = await runningWith(
    what === "agent" ? { agent: name } : { bottle: name },
    findBottles(bottleHome(host), host.uid),
    hostFiles,
    places,
    catalog,
  );
  for (const slug of running) {
    host.log.info(`${slug} runs with what it was started with; resume takes the change`);
  }
}
