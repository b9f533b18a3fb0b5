import type { RequestSubject } from "./decide.ts";
import type { Denial } from "./denial.ts";
import type { HeaderList } from "./header_list.ts";
import type { Body } from "./http1/body.ts";
import type { Peer } from "./upstream_connection.ts";

/** A request from the bottle, whatever protocol it came in by. */
export interface InboundRequest extends RequestSubject {
  readonly body: Body;
  readonly expectContinue: boolean;
  /** Takes over the client's connection; called once, after the upstream agreed to a WebSocket. */
  readonly takeOver?: () => Peer;
  /** Calls `listener` when the client has sent its last byte: it does not wait for an answer any more. */
  readonly onLastByte?: (listener: () => void) => void;
  /** A refusal that the connection found before any policy was asked. */
  readonly refusal?: Denial;
}

/** Where the answer goes. Framing is the implementation's: `length` null means that only the end will tell. */
export interface Answer {
  /** 100 Continue. */
  proceed(): void;
  start(status: number, headers: HeaderList, length: number | null): void;
  write(bytes: Uint8Array): Promise<void> | undefined;
  end(): Promise<void> | undefined;
  /** Breaks the connection or stream: an answer that cannot be completed must not look complete. */
  abort(): void;
  /** Calls `listener` if the client goes away before the answer has ended. */
  onGone(listener: () => void): void;
}
