import { join } from "node:path/posix";
import { checkSchema } from "./diagnose.ts";
import type { ManifestFiles } from "./files.ts";
import type { ManifestPlaces } from "./places.ts";
import { manifestError } from "./problem.ts";
import { type Settings, settingsSchema } from "./settings_schema.ts";
import { parseYamlSource, readTextIfThere } from "./source.ts";
import { EMPTY_MAP, sourcedFile, type SourcedMap } from "./sourced.ts";

/** `settings.yml` with the places of its values. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly tree: SourcedMap;
  readonly file: string;
  readonly text: string;
}

/**
 * Reads `settings.yml` of the home folder; without one, nothing is set.
 *
 * @throws BottleError `manifest_schema`, `manifest_yaml`, `manifest_unreadable`, or `manifest_settings` for
 * a `settings.yaml`, whose limits would otherwise be overlooked.
 */
export async function loadSettings(
  files: ManifestFiles,
  places: ManifestPlaces,
): Promise<LoadedSettings> {
  const file = join(places.home, "settings.yml");
  const text = await readTextIfThere(files, file);
  if (text === undefined) {
    const misnamed = join(places.home, "settings.yaml");
    if (await files.kindOf(misnamed) !== undefined) {
      throw manifestError("manifest_settings", `Cannot use ${misnamed}: settings.yml is read`, {
        hint: `rename it to ${file}`,
      });
    }
    return { settings: {}, tree: EMPTY_MAP, file, text: "" };
  }
  const source = parseYamlSource(text, file);
  const settings = checkSchema(settingsSchema, { ...source, textOf: () => text });
  return { settings, tree: sourcedFile(source), file, text };
}
