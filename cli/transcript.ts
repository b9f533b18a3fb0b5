import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { providerOf, PROVIDERS } from "../providers/registry.ts";
import type { TranscriptEntry, Transcripts } from "../providers/transcript.ts";
import { safeLine } from "../screen/safe_text.ts";
import { findBottles, type StateOnDisk } from "./bottle/find_bottles.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { entryJson, entryText } from "./transcript/entry_text.ts";
import { findSessions, type SessionFile } from "./transcript/find_sessions.ts";
import { MOST_BYTES, readSession } from "./transcript/read_session.ts";
import { sessionEntries } from "./transcript/session_entries.ts";
import type { TranscriptFlags } from "./transcript_command.ts";

/** `bot-bottle transcript`: what the agent's CLI recorded, from the bottle's home on the disk. */
export async function transcript(
  this: CliContext,
  flags: TranscriptFlags,
  slug: string,
): Promise<void> {
  const { host, process } = this;
  if (flags.all && flags.session !== undefined) {
    throw usage("Cannot show --session and --all at once", "give one of them");
  }
  const { layout, transcripts } = recordedBottle(host, slug);
  const { files, cut } = findSessions(layout.home, transcripts);
  if (cut) host.log.warn("the agent's folder has too many entries to look at all of them");
  if (files.length === 0) {
    host.log.info(`the agent of ${slug} has recorded no conversation yet`);
    return;
  }
  const chosen = flags.all ? files : [oneOf(files, flags.session)];
  const { colour } = host.terminal;
  const show = (entries: readonly TranscriptEntry[]) => {
    for (const entry of entries) {
      process.stdout.write(flags.json ? entryJson(entry) : entryText(entry, colour));
    }
  };
  // One session after the other: all of them could be more than fits into memory.
  let last: readonly TranscriptEntry[] = [];
  for (const file of chosen) {
    const entries = await entriesOf(host, layout.home, file, transcripts);
    if (flags.last === undefined) show(entries);
    else last = [...last, ...entries].slice(-flags.last);
  }
  show(last);
  if (!flags.json && !flags.all && files.length > 1) {
    const number = files.indexOf(chosen[0]!) + 1;
    host.log.info(`session ${number} of ${files.length}; --session N or --all shows the others`);
  }
}

async function entriesOf(
  host: Host,
  home: string,
  file: SessionFile,
  transcripts: Transcripts,
): Promise<readonly TranscriptEntry[]> {
  const { bytes, cut } = await readSession(home, file);
  const { entries, odd } = sessionEntries(bytes, cut, transcripts);
  // The agent chose it.
  const name = safeLine(file.path);
  if (cut) host.log.warn(`${name} is long: only its last ${MOST_BYTES >> 20} MiB are read`);
  if (odd > 0) {
    const lines = odd === 1 ? "1 line" : `${odd} lines`;
    host.log.warn(
      `${lines} of ${name} cannot be read and ${odd === 1 ? "is" : "are"} left out`,
    );
  }
  return entries;
}

function oneOf(files: readonly SessionFile[], number: number | undefined): SessionFile {
  const file = number === undefined ? files.at(-1) : files[number - 1];
  if (file !== undefined) return file;
  throw usage(
    `Cannot show session ${number}: there ${files.length === 1 ? "is 1" : `are ${files.length}`}`,
    "1 is the oldest; without --session the last one is shown",
  );
}

/** A bottle whose agent keeps a record. Throws BottleError `no_bottle` or `no_transcript`. */
function recordedBottle(
  host: Host,
  slug: string,
): Pick<StateOnDisk, "layout"> & { readonly transcripts: Transcripts } {
  const bottles = findBottles(bottleHome(host), host.uid);
  const found = bottles.find((bottle) => bottle.slug === slug);
  if (found === undefined) {
    const near = nearest(slug, bottles.map((bottle) => bottle.slug));
    throw new BottleError(`There is no bottle ${JSON.stringify(slug)}`, {
      code: "no_bottle",
      exit: ExitCode.usage,
      hint: near === undefined
        ? "bot-bottle list active shows the bottles"
        : `did you mean ${near}?`,
    });
  }
  const template = found.record?.template;
  const transcripts = template === undefined ? undefined : providerOf(template).transcripts;
  if (transcripts !== undefined) return { layout: found.layout, transcripts };
  const keeping = PROVIDERS.filter(({ transcripts }) => transcripts !== undefined);
  throw new BottleError(
    `Cannot show a transcript of ${slug}: ${
      template === undefined ? "no agent ran in it" : `provider ${template} keeps none`
    }`,
    {
      code: "no_transcript",
      exit: ExitCode.usage,
      hint: `agents of ${
        keeping.map(({ name }) => name).join(", ")
      } keep one; bot-bottle logs ${slug} shows the bottle's events`,
    },
  );
}

function usage(message: string, hint: string): BottleError {
  return new BottleError(message, { code: "usage", exit: ExitCode.usage, hint });
}
