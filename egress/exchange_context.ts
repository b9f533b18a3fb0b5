import type { Clock } from "../core/clock.ts";
import type { AnswerReader } from "./answer/answer_reader.ts";
import type { TokenLookup } from "./credentials.ts";
import type { Deadlines } from "./deadlines.ts";
import type { DecisionLog } from "./decision_log.ts";
import type { ModelApiCheck } from "./model_api/model_api_check.ts";
import type { BodyMemory } from "./outbound/body_memory.ts";
import type { OutboundScreen } from "./outbound/screen.ts";
import type { EgressPolicy } from "./policy.ts";
import type { UpstreamPool } from "./upstream_pool.ts";

/** What every exchange uses. */
export interface ExchangeContext {
  readonly policy: () => EgressPolicy;
  readonly token: TokenLookup;
  readonly pool: UpstreamPool;
  readonly screen: OutboundScreen;
  readonly modelApis: ModelApiCheck;
  readonly answers: AnswerReader;
  /** For bodies that are read whole. */
  readonly bodies: BodyMemory;
  /** Whether the bottle has a supervise server. */
  readonly supervised: boolean;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Milliseconds without a byte in either direction after which an exchange is given up. */
  readonly idle: number;
  readonly log: DecisionLog;
  /** Exchanges that have not recorded how they ended. */
  readonly underWay: Set<Promise<void>>;
  /** Told of errors that are the proxy's own fault. */
  readonly onDefect: (error: unknown) => void;
}
