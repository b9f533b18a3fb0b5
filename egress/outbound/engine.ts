/** The detectors, in one module that is loaded when they are first needed. */
export { buildScanner } from "../../dlp/scanner.ts";
export { scanMessage } from "../../dlp/message_scan.ts";
export { redactRequest } from "../../dlp/redact/redact_request.ts";
