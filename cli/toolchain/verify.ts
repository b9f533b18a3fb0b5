import { join } from "node:path/posix";
import { parseChecksums, sha256 } from "./checksums.ts";
import { notedContents } from "./contents.ts";
import { CHECKSUMS, type Toolchain } from "./folder.ts";
import { entriesOf, type Entry, entryProblems, filesOf, lookAt } from "./look.ts";

/**
 * How an installed toolchain differs from what was installed: changed, missing and further files, other permissions,
 * links, and what others could write.
 */
export async function toolchainProblems(
  { folder }: Pick<Toolchain, "folder">,
  uid: number,
): Promise<string[]> {
  const entries = entriesOf(await lookAt(folder));
  const noted = parseChecksums(Deno.readTextFileSync(join(folder, CHECKSUMS)));
  const files = filesOf(entries);
  const found = new Set(files);
  const problems = entryProblems(entries, uid);
  problems.push(...changedEntries(entriesOf(notedContents(folder)), entries));
  for (const name of noted.keys()) if (!found.has(name)) problems.push(`${name} is missing`);
  for (const name of files) {
    const hash = noted.get(name);
    if (hash === undefined) problems.push(`${name} is new`);
    else if (await hashOf(join(folder, name)) !== hash) problems.push(`${name} was changed`);
  }
  return problems;
}

/** What is of another kind, has other permissions or leads elsewhere than was noted; nothing when nothing was noted. */
function changedEntries(noted: readonly Entry[], entries: readonly Entry[]): string[] {
  if (noted.length === 0) return [];
  const before = new Map(noted.map((entry) => [entry.path, entry]));
  return entries.flatMap(({ path, kind, mode, target }) => {
    const was = before.get(path);
    const name = path || "its folder";
    if (was === undefined) return kind === "f" ? [] : [`${name} is new`];
    if (was.kind !== kind) return [`${name} is something else than it was`];
    if (was.target !== target) return [`${name} leads elsewhere`];
    return kind === "l" || was.mode === mode ? [] : [`${name} has other permissions`];
  });
}

async function hashOf(path: string): Promise<string | undefined> {
  try {
    return await sha256(path);
  } catch {
    return undefined; // it cannot be read
  }
}
