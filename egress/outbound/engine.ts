/** The detectors, in one module that is loaded when they are first needed. */
export { SecretAccumulator } from "../../dlp/accumulate/secret_accumulator.ts";
export { shortValues } from "../../dlp/accumulate/short_values.ts";
export { tightLimits } from "../../dlp/decode/budget.ts";
export { withoutContentCoding } from "../../dlp/content_coding.ts";
export { nameOf, scanMessage } from "../../dlp/message_scan.ts";
export { redactRequest } from "../../dlp/redact/redact_request.ts";
export { buildScanner } from "../../dlp/scanner.ts";
