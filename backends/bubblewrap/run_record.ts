import { isSlug } from "../../core/slug.ts";
import type { ProcessId } from "./process_stat.ts";

/** `state/<slug>/run.json`: who runs a bottle now. It is removed when the bottle ends. */
export interface RunRecord {
  readonly backend: "bubblewrap";
  readonly slug: string;
  /** The host process; the bottle dies with it. */
  readonly host: ProcessId;
  /** Folders under /sys/fs/cgroup that launch made. */
  readonly cgroups: readonly string[];
}

/** Parses `run.json`; null when it is not one (cut off, or somebody else's). */
export function parseRunRecord(text: string): RunRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { backend, slug, host, cgroups } = value as Record<string, unknown>;
  if (backend !== "bubblewrap" || typeof slug !== "string" || !isSlug(slug)) return null;
  if (typeof host !== "object" || host === null || !Array.isArray(cgroups)) return null;
  const { pid, start } = host as Record<string, unknown>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || typeof start !== "string") {
    return null;
  }
  return {
    backend,
    slug,
    host: { pid, start },
    cgroups: cgroups.filter((path): path is string => typeof path === "string"),
  };
}
