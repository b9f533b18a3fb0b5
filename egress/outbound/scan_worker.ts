/**
 * Looks at large requests on a thread of its own, so that small ones do not wait. What it looks for comes by message;
 * it opens no file and no connection.
 */
import { messageOf } from "../../core/errors.ts";
import type { FromWorker, ScanJob, ToWorker } from "./scan_job.ts";
import { ScannerSet } from "./scanner_set.ts";

/** The part of a worker's global scope that is used; the compiler's own types are a page's. */
interface WorkerScope {
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as WorkerScope;
let scanners: ScannerSet | undefined;

scope.onmessage = async ({ data }) => {
  if ("options" in data) scanners = new ScannerSet(data.options);
  else scope.postMessage(await resultOf(data.job));
};

async function resultOf({ kind, message, rules }: ScanJob): Promise<FromWorker> {
  try {
    return kind === "scan"
      ? { scan: await scanners!.scan(message, rules) }
      : { redaction: await scanners!.redact(message, rules.detectors) };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
