import type { Bottle } from "./bottle_schema.ts";
import { credentialVariables } from "./credential_names.ts";
import { parseEnvValue } from "./env_value.ts";
import { mountSourceProblem, mountTarget, mountTargetProblem } from "./mount_rule.ts";
import type { ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { originAt, originText, positionOf, type SourcedMap } from "./sourced.ts";

/**
 * Refuses what only shows in the merged bottle: a mount of a place that must not be seen, two mounts at one
 * place, and a credential of the sidecar that `env` would copy into the bottle.
 *
 * @throws BottleError `manifest_mount` or `manifest_env`.
 */
export function checkMerged(
  bottle: Bottle,
  tree: SourcedMap,
  texts: ReadonlyMap<string, string>,
  places: ManifestPlaces,
): void {
  const at = (path: readonly (string | number)[]) => {
    const position = positionOf(originAt(tree, path));
    return { position, text: texts.get(position.file) };
  };
  const targets = new Map<string, number>();
  for (const [index, { from, to }] of bottle.mounts.entries()) {
    const source = mountSourceProblem(from, places);
    if (source !== undefined) {
      throw manifestError(
        "manifest_mount",
        `Cannot mount ${from}: ${source}`,
        at(["mounts", index, "from"]),
      );
    }
    const target = mountTargetProblem(to);
    if (target !== undefined) {
      throw manifestError(
        "manifest_mount",
        `Cannot mount at ${to}: ${target}`,
        at(["mounts", index, "to"]),
      );
    }
    const earlier = targets.get(mountTarget(to));
    if (earlier !== undefined) {
      const other = originText(originAt(tree, ["mounts", earlier, "to"]));
      throw manifestError(
        "manifest_mount",
        `Cannot mount at ${to}: it is already the place of a mount at ${other}`,
        at(["mounts", index, "to"]),
      );
    }
    targets.set(mountTarget(to), index);
  }
  const credentials = credentialVariables(bottle);
  for (const [name, text] of Object.entries(bottle.env)) {
    const value = parseEnvValue(text);
    if (!("kind" in value) || value.kind !== "host" || !credentials.has(value.variable)) continue;
    throw manifestError(
      "manifest_env",
      `env.${name} would copy the credential ${value.variable} into the bottle`,
      {
        ...at(["env", name]),
        hint: "leave it out: the sidecar adds the credential to requests on its way out",
      },
    );
  }
}
