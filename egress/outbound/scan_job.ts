import type { MessageScan } from "../../dlp/detector.ts";
import type { Redaction } from "../../dlp/redact/redact_request.ts";
import type { HeaderField } from "../header_list.ts";
import type { Inspection } from "./inspection.ts";
import type { Message, ScannerOptions } from "./scanner_set.ts";

/** What a request is looked at with. */
export type ScanRules = Pick<Inspection, "detectors" | "maxBody">;

/** Work of a scan worker. */
export interface ScanJob {
  readonly kind: "scan" | "redact";
  readonly message: Message<HeaderField>;
  readonly rules: ScanRules;
}

/** What a scan worker is sent: what it looks for, once, then one job after the other. */
export type ToWorker =
  | { readonly options: ScannerOptions }
  | { readonly job: ScanJob };

/** What a scan worker answers to a job. A body that was looked at comes back: it was given away, not copied. */
export type FromWorker =
  | { readonly scan: MessageScan; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly redaction: Redaction<HeaderField> }
  | { readonly failed: string };
