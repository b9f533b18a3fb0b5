import type { Transcripts } from "../../providers/transcript.ts";

/** A file that holds a conversation, as far as its name says. */
export interface SessionFile {
  /** Relative to the bottle's home. */
  readonly path: string;
  /** Bytes, and milliseconds since 1970, when it was looked at. */
  readonly size: number;
  readonly changed: number;
}

/** What a look for sessions found. */
export interface FoundSessions {
  /** The one that was written to last stands last. */
  readonly files: readonly SessionFile[];
  /** There are more entries than were looked at. */
  readonly cut: boolean;
}

/** Entries that are looked at: the agent decides how many there are. */
const MOST_ENTRIES = 20_000;
const MOST_DEPTH = 6;

/**
 * Finds the sessions of an agent by name; no file is opened. Links, pipes and devices are none.
 *
 * @param home the bottle's home on the host.
 */
export function findSessions(home: string, transcripts: Transcripts): FoundSessions {
  const files: SessionFile[] = [];
  let entries = 0;
  const folders = [{ path: "", depth: 0 }];
  const root = transcripts.folder;
  // A folder on the way that is a link leads out of the home.
  const way = root.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
  if (!way.every((folder) => stat(`${home}/${folder}`)?.isDirectory === true)) {
    return { files, cut: false };
  }
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const { name } of namesIn(`${home}/${root}/${at.path}`)) {
      if (++entries > MOST_ENTRIES) return { files: files.sort(byChange), cut: true };
      const path = at.path === "" ? name : `${at.path}/${name}`;
      const info = stat(`${home}/${root}/${path}`);
      if (info?.isDirectory === true && at.depth < MOST_DEPTH) {
        folders.push({ path, depth: at.depth + 1 });
      } else if (info?.isFile === true && transcripts.isSession(path)) {
        files.push({
          path: `${root}/${path}`,
          size: info.size,
          changed: info.mtime?.getTime() ?? 0,
        });
      }
    }
  }
  return { files: files.sort(byChange), cut: false };
}

const byChange = (a: SessionFile, b: SessionFile) =>
  a.changed - b.changed || (a.path < b.path ? -1 : 1);

function namesIn(folder: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return []; // the agent took its permissions away, or it is gone
  }
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}
