import { type DeskBottle, deskPath } from "./bottle_desk.ts";
import { parseQueueName } from "./queue_files.ts";

/** Ids of what waits, by the names of the files. @throws Deno.errors.* when the folder cannot be read. */
export function waitingIds(bottle: DeskBottle): string[] {
  const asked: string[] = [];
  const answered = new Set<string>();
  try {
    for (const { name } of Deno.readDirSync(deskPath.queue(bottle))) {
      const parsed = parseQueueName(name);
      if (parsed?.part === "proposal") asked.push(parsed.id);
      if (parsed?.part === "response") answered.add(parsed.id);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return asked.filter((id) => !answered.has(id));
}

/** How many proposals of a bottle wait, without opening one; 0 when it cannot be told. */
export function countWaiting(bottle: DeskBottle): number {
  try {
    return waitingIds(bottle).length;
  } catch {
    return 0;
  }
}
