import { join } from "node:path/posix";
import { isSlug } from "../../core/slug.ts";
import { isClaimed } from "./claim.ts";
import { type BottleLayout, bottleLayout } from "./layout.ts";
import { type BottleRecord, readRecord } from "./record.ts";

/** A bottle with state on this machine. */
export interface StateOnDisk {
  readonly slug: string;
  readonly layout: BottleLayout;
  /** `dead`: nobody runs it, and it was not to be kept or never came to stand. */
  readonly state: "running" | "kept" | "dead";
  readonly record: BottleRecord | undefined;
}

/** Every bottle that has state below bot-bottle's home, by name. */
export function findBottles(home: string, uid: number): StateOnDisk[] {
  return namesIn(join(home, "state")).filter(isSlug).map((slug) => {
    const layout = bottleLayout(home, uid, slug);
    const record = readRecord(layout);
    const state = isClaimed(layout) ? "running" : record?.preserved === true ? "kept" : "dead";
    return { slug, layout, state, record };
  });
}

/** Sorted names in a folder; none when it is not there. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
