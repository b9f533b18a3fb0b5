import type { Clock } from "../core/clock.ts";
import type { EventFields } from "../core/event.ts";
import { EventLog } from "../sys/event_log.ts";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";

/**
 * Records what the operator's side does for a bottle in a chain of its own, `approvals/events.jsonl`: the bottle's
 * other chains have their writers already. Opened for each event, so that any desk can write it in turn.
 */
export function deskRecorder(bottle: DeskBottle, clock: Clock): (event: EventFields) => void {
  return (event) => {
    Deno.mkdirSync(deskPath.folder(bottle), { recursive: true, mode: 0o700 });
    using log = EventLog.open(deskPath.events(bottle), { clock });
    log.append(event);
    log.sync();
  };
}
