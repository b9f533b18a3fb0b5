import type { Deadline, Deadlines } from "./deadlines.ts";
import { ConnectionLost } from "./http1/byte_reader.ts";
import type { Answer } from "./inbound.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** What an exchange's life depends on. */
export interface ExchangeLifeOptions {
  readonly answer: Answer;
  readonly deadlines: Deadlines;
  /** Milliseconds without a byte in either direction after which it ends. */
  readonly idle: number;
}

/**
 * How long an exchange goes on: until nothing has moved for too long, or its client is gone. Whatever waits meanwhile is
 * ended.
 */
export class ExchangeLife {
  readonly #answer: Answer;
  readonly #deadlines: Deadlines;
  readonly #idle: number;
  readonly #deadline: Deadline;
  #leaving: AbortController | undefined;
  #connection: UpstreamConnection | undefined;
  #expired = false;
  #isLeft = false;
  #status: number | undefined;

  constructor({ answer, deadlines, idle }: ExchangeLifeOptions) {
    this.#answer = answer;
    this.#deadlines = deadlines;
    this.#idle = idle;
    this.#deadline = { at: deadlines.after(idle), expire: () => this.#expire() };
    deadlines.watch(this.#deadline);
  }

  /** Status of the answer, once it has begun. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Whether nothing moved for too long. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Whether the client left, or nothing moved for too long, while the upstream had the request. */
  get abandoned(): boolean {
    return this.#connection !== undefined && (this.#isLeft || this.#expired);
  }

  /** Something moved. */
  progress(): void {
    this.#deadline.at = this.#deadlines.after(this.#idle);
  }

  /** Silence is no fault from now on: a person decides, or a WebSocket is open. */
  rest(): void {
    this.#deadline.at = Infinity;
  }

  /** It ends within `ms`, whatever moves. */
  close(ms: number): void {
    this.#deadline.at = this.#deadlines.after(ms);
  }

  /** The answer begins; only breaking it can end it from now on. */
  begin(status: number): void {
    this.#status = status;
  }

  /** The proxy's own answer begins. A life that has expired is watched again: the client may not read it. */
  beginRefusal(status: number): void {
    this.#status = status;
    this.progress();
    this.#deadlines.watch(this.#deadline);
  }

  /** The upstream is waited for: its connection goes with the client. */
  waitFor(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#answer.onGone(() => {
      this.#isLeft = true;
      connection.destroy();
    });
    this.progress();
  }

  /** Aborted when the client goes away or nothing moves for too long, while no upstream is waited for. */
  get gone(): AbortSignal {
    if (this.#leaving === undefined) {
      const leaving = new AbortController();
      this.#leaving = leaving;
      this.#answer.onGone(() => leaving.abort(new ConnectionLost("the client is gone")));
    }
    return this.#leaving.signal;
  }

  /** The client waits for no answer any more. */
  leave(): void {
    this.#leaving?.abort(new ConnectionLost("gone"));
  }

  /** Nothing is watched any more. */
  end(): void {
    this.#deadlines.forget(this.#deadline);
  }

  /** Ends whatever waits: the upstream that says nothing, or the client that does not read. */
  #expire(): void {
    this.#expired = true;
    this.#leaving?.abort(new ConnectionLost("nothing was sent for too long"));
    this.#connection?.destroy();
    if (this.#status !== undefined) this.#answer.abort();
  }
}
