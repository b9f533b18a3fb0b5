import type { Json } from "../../core/event.ts";
import type { MessageScan, PlacedMatch } from "../../dlp/detector.ts";

/** Findings that one event tells of. */
const MOST = 8;

/** A finding as events and proposals tell it: no value. */
export interface FindingRecord {
  readonly [field: string]: Json;
  readonly detector: string;
  readonly rule: string;
  readonly place: string;
  readonly severity: string;
}

/** What an event tells of a match. */
export function recordOf({ detector, rule, place, severity }: PlacedMatch): FindingRecord {
  return { detector, rule, place, severity };
}

/** What an event tells of a scan, strictest first. */
export function recordsOf({ matches, incomplete }: MessageScan): FindingRecord[] {
  const records = matches.map(recordOf);
  if (incomplete.length > 0) records.push(INCOMPLETE);
  return records.slice(0, MOST);
}

/** A request of which a part could not be looked at. */
const INCOMPLETE: FindingRecord = {
  detector: "dlp",
  rule: "incomplete",
  place: "request",
  severity: "supervise",
};
