import type { BottleLayout } from "./layout.ts";

/** What was chosen when a bottle started: `state/<slug>/bottle.json`. */
export interface BottleRecord {
  readonly version: 1;
  readonly slug: string;
  readonly backend: string;
  /** Absent for `run`. */
  readonly agent?: string;
  /** Provider of the agent: its files are in the bottle's home. */
  readonly template?: string;
  readonly bottles: readonly string[];
  /** Skills that were copied into the home when it was new. */
  readonly skills?: readonly string[];
  readonly label?: string;
  readonly color?: string;
  /** Whether `bottles` replace the agent's own, because they were picked. */
  readonly picked?: boolean;
  /** The working directory: an agent may be one of its own. */
  readonly folder?: string;
  /** The folder that was copied into the workspace. */
  readonly origin?: string;
  /** The commit that a start took or passed over: only a newer one is started from. */
  readonly commit?: string;
  /** The folder of the agent's CLI that ran last, by its name. */
  readonly toolchain?: string;
  /** RFC 3339. */
  readonly started: string;
  /** Whether home, workspace and events stay when the bottle has ended. */
  readonly preserved: boolean;
}

/** The record of a bottle; undefined when there is none that can be read. */
export function readRecord(layout: BottleLayout): BottleRecord | undefined {
  let value: Partial<BottleRecord> | null;
  try {
    value = JSON.parse(Deno.readTextFileSync(layout.record));
  } catch {
    return undefined; // the host ended before it was written, or it is being removed
  }
  const readable = value?.version === 1 && typeof value.slug === "string" &&
    typeof value.backend === "string" && typeof value.started === "string" &&
    typeof value.preserved === "boolean" && Array.isArray(value.bottles);
  return readable ? value as BottleRecord : undefined;
}

/** The text that {@linkcode readRecord} reads. */
export function recordText(record: BottleRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
