import * as z from "zod";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";
import { queuePath } from "./queue_files.ts";
import { readSmallFile } from "./small_file.ts";

const outcomeSchema = z.object({ status: z.string(), notes: z.string().default("") });

/**
 * What whoever asked was told in the end (`queue/processed/<id>.outcome.json`): an answer that came too late is
 * `expired` there. Undefined while it waits, or when it is not kept any more.
 */
export function readOutcome(
  bottle: DeskBottle,
  id: string,
): { readonly status: string; readonly notes: string } | undefined {
  try {
    const path = queuePath(`${deskPath.queue(bottle)}/processed`, id, "outcome");
    const bytes = readSmallFile(path, 64 * 1024);
    if (bytes === undefined) return undefined;
    return outcomeSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
