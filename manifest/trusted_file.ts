import { join } from "node:path/posix";
import type { CatalogEntry } from "./catalog.ts";
import type { ManifestFiles } from "./files.ts";
import { isWithin, type ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";

/**
 * Refuses an entry whose file is not where its name says, at the moment it is opened.
 *
 * A bottle must not come from the working directory by way of a link: whoever writes there would then write
 * the policy. An agent of the working directory must be a plain file there: a link could show any file of the
 * operator in an error message or a prompt.
 *
 * @throws BottleError `manifest_untrusted`.
 */
export async function requireTrustedFile(
  files: ManifestFiles,
  places: ManifestPlaces,
  entry: CatalogEntry,
): Promise<void> {
  const real = await files.realPath(entry.file);
  if (real === undefined) return; // Reading says so with a better message.
  const workingDirectory = await files.realPath(places.workingDirectory) ??
    places.workingDirectory;
  if (entry.place === "working directory") {
    const plain = join(workingDirectory, ".bot-bottle", "agents", `${entry.name}.md`);
    if (real === plain) return;
    throw manifestError("manifest_untrusted", `Cannot use ${entry.file}: it is a symbolic link`, {
      hint: "replace the link by the file itself",
    });
  }
  const home = await files.realPath(places.home) ?? places.home;
  if (isWithin(real, home) || !isWithin(real, workingDirectory)) return;
  // Started in the home folder itself, everything of the operator's is below the working directory.
  if (isWithin(home, workingDirectory)) return;
  throw manifestError(
    "manifest_untrusted",
    `Cannot use ${entry.file}: it is a link into the working directory`,
    { hint: `copy ${real} to ${entry.file}` },
  );
}
