import type { DetectorName } from "../../dlp/scanner.ts";
import type { Route } from "../route_table.ts";

/** What is done with a finding: refuse, take it out, or ask the operator. */
export type OnMatch = "block" | "redact" | "supervise";

/** How requests of a route are looked at. */
export interface Inspection {
  readonly detectors: readonly DetectorName[];
  readonly onMatch: OnMatch;
  /** Largest body in bytes, as it is sent and as it decodes. */
  readonly maxBody: number;
  /** Findings that are hints otherwise are acted on: something tried to talk the agent into an exfiltration. */
  readonly strict: boolean;
}

const DEFAULT_DETECTORS: readonly DetectorName[] = ["token_patterns", "known_secrets"];

/**
 * The inspection that a route asks for; undefined when it asks for none.
 *
 * @param strict whether hostile text came by this route lately: nothing goes out unseen then, whatever it asks for.
 */
export function inspectionOf(
  { document, maxBody }: Pick<Route, "document" | "maxBody">,
  strict: boolean,
): Inspection | undefined {
  const { outbound_detectors: asked, outbound_on_match: onMatch = "supervise" } = document.dlp ??
    {};
  const none = asked === false || asked?.length === 0;
  if (none && !strict) return undefined;
  const detectors = none ? DEFAULT_DETECTORS : asked ?? DEFAULT_DETECTORS;
  return { detectors, onMatch, maxBody, strict };
}
