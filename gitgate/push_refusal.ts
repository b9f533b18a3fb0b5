import type { Json } from "../core/event.ts";
import { GateFault } from "./gate_fault.ts";
import { StreamFault } from "./http/byte_reader.ts";
import type { RefResult } from "./protocol/push_reply.ts";

/** A refusal with what is said about it line by line. */
export class PushRefusal extends GateFault {
  readonly lines: readonly string[];
  readonly refs: ReadonlyMap<string, RefResult>;
  /** Further fields of the event. */
  readonly event: Readonly<Record<string, Json>>;
  constructor(
    code: string,
    message: string,
    lines: readonly string[] = [],
    refs: ReadonlyMap<string, RefResult> = new Map(),
    detail?: string,
    event: Readonly<Record<string, Json>> = {},
  ) {
    super(code, message, detail);
    this.lines = lines;
    this.refs = refs;
    this.event = event;
  }
}

/** What the client is told of a fault, and what the event says. */
export function refusalOf(fault: unknown): PushRefusal {
  if (fault instanceof PushRefusal) return fault;
  if (fault instanceof GateFault) {
    return new PushRefusal(fault.code, fault.message, [], new Map(), fault.detail);
  }
  if (fault instanceof StreamFault) {
    return new PushRefusal("bad_request", `the request cannot be read: ${fault.message}`);
  }
  return new PushRefusal(
    "internal_error",
    "an error in the gate itself; the operator finds it in the log",
  );
}
