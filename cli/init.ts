import { dirname, join } from "node:path/posix";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { printable, printableLine } from "../core/printable.ts";
import { readCatalog } from "../manifest/catalog.ts";
import { credentialVariables } from "../manifest/credential_names.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import type { ManifestPlaces } from "../manifest/places.ts";
import { providerOf } from "../providers/registry.ts";
import type { CliContext, Host } from "./context.ts";
import { draftedFiles } from "./drafted_files.ts";
import type { InitAnswers } from "./init/answers.ts";
import type { InitScene } from "./init/answering.ts";
import { askAnswers } from "./init/ask_answers.ts";
import { remoteOf } from "./init/git_remote.ts";
import { manifestFiles, type NewManifest } from "./init/manifest_files.ts";
import { type Questions, questionsOn } from "./init/questions_on.ts";
import { withBack } from "./init/with_back.ts";
import type { InitFlags } from "./init_command.ts";
import { type JudgedManifest, judgeManifest } from "./judge_manifest.ts";
import { hostCatalog } from "./load_spec.ts";
import { hostFiles } from "./manifest_files.ts";
import { credentialSources } from "./start/credential_sources.ts";
import { WentBack } from "./ui/went_back.ts";
import { writeManifest } from "./write_manifest.ts";

/** `bot-bottle init`: an agent and its bottle, by questions or flags. */
export async function init(this: CliContext, flags: InitFlags): Promise<void> {
  const { host, process } = this;
  const { catalog, places } = await hostCatalog(host);
  const scene: InitScene = {
    agents: catalog.agents.map(({ name }) => name),
    bottles: catalog.bottles.map(({ name }) => name),
    homeFolder: join(places.home, "agents"),
    projectFolder: projectFolder(places),
    remote: remoteOf(places.workingDirectory),
    inherited: async (parents) => {
      const { declared } = await judgeManifest(hostFiles, places, { bottles: parents });
      return declared.bottle.agent_provider?.template;
    },
  };
  const operator = questionsOn(host);
  const made = operator === undefined
    ? await makeFiles(flags, scene, places, undefined)
    : await withBack(operator, (ask) => makeFiles(flags, scene, places, ask));
  if (made === undefined) {
    host.log.info("nothing was written");
    this.exitWith(ExitCode.failed);
    return;
  }
  const { agent, files, judged: { declared, warnings } } = made;
  if (flags.dryRun) {
    process.stdout.write(shown(files).map((line) => `${line}\n`).join(""));
    return;
  }
  // The agent first: a project's folder may refuse it, and a bottle alone would be in the way of another try.
  for (const { file, text, mode } of files.toReversed()) {
    await writeManifest(file, text, mode, places.home);
  }
  for (const { what, name, file } of files) host.log.info(`wrote ${what} ${name}: ${file}`);
  for (const warning of warnings) host.log.warn(warning);
  tellMissing(host, declared, places);
  host.log.info(`next: bot-bottle start ${agent}`);
}

/** Files that a start would take. */
interface MadeFiles {
  readonly agent: string;
  readonly files: readonly NewManifest[];
  readonly judged: JudgedManifest;
}

/** Asks, judges, and asks whether to write; undefined for no. Nothing is written here. */
async function makeFiles(
  flags: InitFlags,
  scene: InitScene,
  places: ManifestPlaces,
  ask: Questions | undefined,
): Promise<MadeFiles | undefined> {
  const answers = await askAnswers(flags, scene, ask);
  const files = manifestFiles(answers, places);
  let made: MadeFiles;
  try {
    made = { agent: answers.agent, files, judged: await judged(files, answers, places) };
  } catch (error) {
    if (ask === undefined || !(error instanceof BottleError)) throw error;
    // What was typed until here is not lost by a host that a parent has already.
    const hint = error.hint === undefined ? [] : ["", `hint: ${error.hint}`];
    const lines = [...error.message.split("\n"), ...hint];
    if (await ask.askYes({ title: "Go back to the answers?", lines })) {
      throw new WentBack("The answers were left");
    }
    throw error;
  }
  if (ask === undefined || flags.yes || flags.dryRun) return made;
  const title = files.length === 1 ? "Write this file?" : "Write these files?";
  return await ask.askYes({ title, lines: shown(files) }) ? made : undefined;
}

/** Where agents of the working directory are kept; undefined where that is the operator's own folder. */
function projectFolder({ workingDirectory, userHome, home }: ManifestPlaces): string | undefined {
  const folder = join(workingDirectory, ".bot-bottle");
  return folder === home || workingDirectory === userHome ? undefined : join(folder, "agents");
}

/** The new manifests as a start would see them. Throws BottleError as a start does, before anything is written. */
async function judged(
  files: readonly NewManifest[],
  { agent }: InitAnswers,
  places: ManifestPlaces,
): Promise<JudgedManifest> {
  const drafted = draftedFiles(
    hostFiles,
    Object.fromEntries(files.map(({ file, text }) => [file, text])),
  );
  const { file } = files.find(({ what }) => what === "agent")!;
  const entry = (await readCatalog(drafted, places)).agents.find(({ name }) => name === agent);
  if (entry?.file !== file) {
    throw new BottleError(
      entry === undefined
        ? `Cannot make ${file}: ${dirname(file)} cannot be used`
        : `Cannot make ${file}: ${entry.file} would be used instead`,
      {
        code: "hidden",
        exit: ExitCode.manifest,
        hint: entry === undefined
          ? "see the warnings above; .bot-bottle and agents must be folders, not links"
          : "choose another name: the working directory's agents win over yours",
      },
    );
  }
  return await judgeManifest(drafted, places, { agent, bottles: [] });
}

function shown(files: readonly NewManifest[]): string[] {
  return files.flatMap(({ file, text }, index) => [
    ...(index === 0 ? [] : [""]),
    `# ${printableLine(file)}`,
    ...printable(text).trimEnd().split("\n"),
  ]);
}

/** Says what a start would miss on this machine: nothing of it is an error before somebody starts. */
function tellMissing(host: Host, { bottle }: EffectiveManifest, places: ManifestPlaces): void {
  const { agent_provider: config } = bottle;
  const provider = providerOf(config?.template ?? "command");
  for (const variable of credentialVariables(bottle)) {
    if ((host.env(variable) ?? "").trim() !== "") continue;
    const how = variable === config?.auth_token ? provider.advice?.how : undefined;
    host.log.warn(`${variable} is not set yet${how === undefined ? "" : `: ${how}`}`);
  }
  if (config?.forward_host_credentials !== true) return;
  try {
    provider.credential?.(config, credentialSources(host, places.userHome));
  } catch (error) {
    const hint = error instanceof BottleError ? error.hint : undefined;
    host.log.warn(`${messageOf(error)}${hint === undefined ? "" : `: ${hint}`}`);
  }
}
