import { isAbsolute, join, normalize } from "node:path/posix";
import { manifestError } from "./problem.ts";

/** The folders that manifests are found by; absolute and normalised. */
export interface ManifestPlaces {
  /** `~/.bot-bottle`, or what `BOT_BOTTLE_HOME` names: the trusted folder. */
  readonly home: string;
  /** The operator's own home folder. */
  readonly userHome: string;
  readonly workingDirectory: string;
}

/**
 * The places that the environment names.
 *
 * @param env looks up a host variable.
 * @throws BottleError `manifest_home` without a usable `HOME` or `BOT_BOTTLE_HOME`.
 */
export function manifestPlaces(
  env: (name: string) => string | undefined,
  workingDirectory: string,
): ManifestPlaces {
  const userHome = env("HOME") ?? "";
  if (!isAbsolute(userHome)) {
    throw manifestError("manifest_home", "Cannot find manifests: HOME is not an absolute path", {
      hint: "set HOME to your home folder",
    });
  }
  const named = env("BOT_BOTTLE_HOME") ?? "";
  // Relative to where? A repository could then decide which bottles are trusted.
  if (named !== "" && !isAbsolute(named)) {
    throw manifestError(
      "manifest_home",
      `Cannot use BOT_BOTTLE_HOME ${JSON.stringify(named)}: it is not an absolute path`,
      { hint: "set BOT_BOTTLE_HOME to an absolute path, or unset it to use ~/.bot-bottle" },
    );
  }
  return {
    home: folder(named === "" ? join(userHome, ".bot-bottle") : named),
    userHome: folder(userHome),
    workingDirectory: folder(workingDirectory),
  };
}

/** `path` with a leading `~/` replaced by the operator's home, and `.` and `..` resolved by text. */
export function expandHome(path: string, userHome: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(userHome, path.slice(1)) : path;
  return folder(expanded);
}

/** Whether `path` is `ancestor` or stands below it; both absolute and normalised. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === "/" ? "/" : `${ancestor}/`);
}

function folder(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
