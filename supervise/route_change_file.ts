import * as z from "zod";
import { responseSchema } from "../core/proposal.ts";

/**
 * A change of `routes.yaml`, written to disk before it is made: `approvals/applying.json` while it is under way,
 * `approvals/last_change.json` afterwards.
 */
export const routeChangeSchema = z.strictObject({
  kind: z.enum(["proposal", "undo", "expiry"]),
  /** The proposal that asked for it, or the one that is undone; null for an expiry. */
  proposal_id: z.string().nullable(),
  previous_text: z.string(),
  /** SHA-256 of `routes.yaml` before and after. */
  previous_hash: z.string(),
  final_hash: z.string(),
  /** What is answered when the change is made; null where nobody asked. */
  response: responseSchema.nullable(),
  /** RFC 3339. */
  time: z.string(),
});
/** A parsed change. */
export type RouteChangeRecord = z.output<typeof routeChangeSchema>;

/** What has to be done about a change that was under way when its process ended. */
export type Recovery =
  /** It was made: what follows it is still to be done. */
  | "finish"
  /** It was not made: nothing happened. */
  | "forget"
  /** Somebody else has changed the file since: whatever it was, it is over. */
  | "abandon";

/** Tells by the live file how far a change had come. */
export function recoveryOf(
  { previous_hash, final_hash }: Pick<RouteChangeRecord, "previous_hash" | "final_hash">,
  liveHash: string | undefined,
): Recovery {
  if (liveHash === final_hash) return "finish";
  return liveHash === previous_hash ? "forget" : "abandon";
}

/** Parses the text of a change; undefined when it is none. */
export function parseRouteChange(text: string): RouteChangeRecord | undefined {
  try {
    return routeChangeSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
