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
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  /** There with V8's flag `--expose-gc`. */
  readonly gc?: () => void;
}

const scope = globalThis as unknown as WorkerScope;
/** Bytes of bodies after which it is worth 10 ms to collect what they left behind. */
const COLLECT_AFTER = 4 * 1024 * 1024;

let scanners: ScannerSet | undefined;
/** Bytes of bodies since then. */
let seen = 0;

scope.onmessage = async ({ data }) => {
  if ("options" in data) scanners = new ScannerSet(data.options);
  else {
    seen += data.job.message.body.length;
    const [result, body] = await resultOf(data.job);
    scope.postMessage(result, body === undefined ? [] : [body.buffer]);
    // What large bodies were decoded to fills this thread's heap, which V8 would not miss for a long time.
    if (seen < COLLECT_AFTER) return;
    seen = 0;
    scope.gc?.();
  }
};

type Sent = Uint8Array<ArrayBuffer>;

async function resultOf({ kind, message, rules }: ScanJob): Promise<[FromWorker, Sent?]> {
  try {
    if (kind === "scan") {
      const scan = await scanners!.scan(message, rules);
      const body = message.body as Sent; // came by message
      return [{ scan, body }, body];
    }
    const redaction = await scanners!.redact(message, rules.detectors);
    return [{ redaction }];
  } catch (error) {
    return [{ failed: messageOf(error) }];
  }
}
