import type { FromWorker, ScanJob, ToWorker } from "./scan_job.ts";
import type { ScannerOptions } from "./scanner_set.ts";

/** Workers at once: each holds 40 MB, and two take both processors of a small machine from small requests. */
const MOST_WORKERS = 1;
/** How long a worker stays without work, in milliseconds: it costs memory. */
const IDLE_TIME = 5_000;
/** How long a job may take, in milliseconds, and how much more for each byte. */
const JOB_TIME = 10_000;
const TIME_PER_BYTE = 1_000 / (1024 * 1024);

const CLOSING = "could not be looked at, since the proxy is closing";

/** A job did not end in time, or its worker did before it: nothing is known of the request. */
export class ScanFailed extends Error {
  override readonly name = "ScanFailed";
}

interface Waiting {
  readonly job: ScanJob;
  readonly resolve: (result: FromWorker) => void;
  readonly reject: (error: ScanFailed) => void;
}

interface Thread {
  readonly worker: Worker;
  idleTimer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Runs scans on threads of their own, one job at a time on each. A job that takes too long ends with its thread, and
 * the next one gets a new thread.
 */
export class ScanPool implements Disposable {
  readonly #script: URL;
  readonly #options: ScannerOptions;
  readonly #jobTime: number;
  readonly #idle: Thread[] = [];
  readonly #busy = new Map<Thread, (reason: string) => void>();
  readonly #waiting: Waiting[] = [];

  /**
   * @param script of the worker: scan_worker.ts, or what it was bundled to.
   * @param options sent to each worker by message: no secret stands on a command line or in an environment.
   * @param jobTime milliseconds that every job may take, besides its share for each byte.
   */
  constructor(script: URL, options: ScannerOptions, jobTime = JOB_TIME) {
    this.#script = script;
    this.#options = options;
    this.#jobTime = jobTime;
  }

  /**
   * Runs a job. Its body is given away when nothing else lies in the same memory: a scan gives it back, and after a
   * failure it is gone.
   *
   * @param gone aborted when nobody waits for the result any more: a job that has not begun is then left out.
   * @throws ScanFailed, or the reason of `gone`.
   */
  run(job: ScanJob, gone?: AbortSignal): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      gone?.throwIfAborted();
      const leave = () => {
        const at = this.#waiting.indexOf(entry);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(gone!.reason);
      };
      const over = () => gone?.removeEventListener("abort", leave);
      const entry: Waiting = {
        job,
        resolve: (result) => {
          over();
          resolve(result);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      };
      gone?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(entry);
      this.#next();
    });
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idle.pop() ??
      (this.#busy.size < MOST_WORKERS ? this.#startThread() : undefined);
    if (thread === undefined) return;
    clearTimeout(thread.idleTimer);
    this.#begin(thread, this.#waiting.shift()!);
  }

  #startThread(): Thread {
    const worker = new Worker(this.#script, { type: "module", name: "scan" });
    worker.postMessage({ options: this.#options } satisfies ToWorker);
    return { worker, idleTimer: undefined };
  }

  #begin(thread: Thread, { job, resolve, reject }: Waiting): void {
    const { worker } = thread;
    const over = () => {
      clearTimeout(timer);
      worker.onmessage = worker.onerror = null;
      this.#busy.delete(thread);
    };
    const fail = (reason: string) => {
      over();
      worker.terminate();
      reject(new ScanFailed(reason));
      this.#next();
    };
    this.#busy.set(thread, fail);
    const time = this.#jobTime + job.message.body.length * TIME_PER_BYTE;
    const timer = setTimeout(() => fail("took too long to look at"), time);
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      over();
      this.#rest(thread);
      resolve(data);
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // it would end the process
      fail("could not be looked at");
    };
    const body = ownMemory(job.message.body);
    worker.postMessage(
      { job: { ...job, message: { ...job.message, body } } } satisfies ToWorker,
      [body.buffer],
    );
  }

  #rest(thread: Thread): void {
    this.#idle.push(thread);
    thread.idleTimer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(thread), 1);
      thread.worker.terminate();
    }, IDLE_TIME);
    Deno.unrefTimer(thread.idleTimer as unknown as number);
  }

  [Symbol.dispose](): void {
    for (const thread of this.#idle.splice(0)) {
      clearTimeout(thread.idleTimer);
      thread.worker.terminate();
    }
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new ScanFailed(CLOSING));
    }
    for (const fail of [...this.#busy.values()]) fail(CLOSING);
  }
}

/** `bytes` as the whole of a memory, which can be given away: itself, or else a copy. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}
