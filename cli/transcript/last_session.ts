import type { Transcripts } from "../../providers/transcript.ts";
import { findSessions } from "./find_sessions.ts";
import { readSession } from "./read_session.ts";
import { sessionEntries } from "./session_entries.ts";

/** Sessions that are opened in search of one in which something was said. */
const MOST_SESSIONS = 8;
/** Bytes of the end of each. */
const MOST_BYTES = 1 << 20;

/**
 * The conversation that a resumed agent goes on with: the last one in which something was said. The agent decides what
 * stands there, and only itself is concerned.
 *
 * @param home the bottle's home on the host, as the start will find it.
 * @returns its path below the home; undefined when nothing was said yet.
 */
export async function lastSession(
  home: string,
  transcripts: Transcripts,
): Promise<string | undefined> {
  const { files } = findSessions(home, transcripts);
  for (const file of files.slice(-MOST_SESSIONS).reverse()) {
    try {
      const { bytes, cut } = await readSession(home, file, MOST_BYTES);
      if (sessionEntries(bytes, cut, transcripts).entries.length > 0) return file.path;
    } catch { /* a link, a pipe, or gone: it is no conversation */ }
  }
  return undefined;
}
