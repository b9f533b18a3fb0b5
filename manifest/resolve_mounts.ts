import { BottleError } from "../core/errors.ts";
import type { EffectiveManifest } from "./effective.ts";
import type { ManifestFiles } from "./files.ts";
import { mountSourceProblem, mountTarget } from "./mount_rule.ts";
import { expandHome, type ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { originAt, positionOf } from "./sourced.ts";

/** A host folder or file, links resolved, and where a bottle sees it read-only. */
export interface ResolvedMount {
  readonly from: string;
  readonly to: string;
}

/**
 * The mounts of a bottle with real host paths, each checked again after its links are resolved.
 *
 * @throws BottleError `manifest_mount` for a path that is not there, is no file or folder, or leads to a
 * refused place.
 */
export async function resolveMounts(
  effective: EffectiveManifest,
  files: ManifestFiles,
  places: ManifestPlaces,
): Promise<ResolvedMount[]> {
  const real = {
    ...places,
    home: await files.realPath(places.home) ?? places.home,
    userHome: await files.realPath(places.userHome) ?? places.userHome,
  };
  const resolved: ResolvedMount[] = [];
  for (const [index, { from, to }] of effective.bottle.mounts.entries()) {
    const position = positionOf(originAt(effective.tree, ["mounts", index, "from"]));
    const refuse = (reason: string): BottleError =>
      manifestError("manifest_mount", `Cannot mount ${from}: ${reason}`, {
        position,
        text: effective.texts.get(position.file),
      });
    const path = await files.realPath(expandHome(from, places.userHome));
    if (path === undefined) throw refuse("it is not there");
    const reason = mountSourceProblem(path, places) ?? mountSourceProblem(path, real);
    if (reason !== undefined) throw refuse(reason);
    const kind = await files.kindOf(path);
    if (kind !== "file" && kind !== "folder") throw refuse("it is neither a file nor a folder");
    resolved.push({ from: path, to: mountTarget(to) });
  }
  return resolved;
}
