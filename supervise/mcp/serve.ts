import { messageOf } from "../../core/errors.ts";
import type { EventFields } from "../../core/event.ts";
import type { ProposalQueue } from "../queue.ts";
import { AgentProposals } from "./agent_proposals.ts";
import type { Endpoint } from "./endpoint.ts";
import { type ListenAddress, listenHttp } from "./http_listener.ts";

/** What the supervise server of a bottle is started with. */
export interface SuperviseOptions {
  readonly listen: ListenAddress;
  readonly slug: string;
  /** `state/<slug>/sidecar`, for the live routes. */
  readonly contractDir: string;
  readonly queue: ProposalQueue;
  /** Milliseconds after which a call that waits returns "pending"; 300,000 unless given. */
  readonly timeout?: number;
  /** Milliseconds between two progress notifications of a call that waits; 5,000 unless given. */
  readonly progressEvery?: number;
  /** Whether the bottle was started with a credential of that name. */
  readonly isSet: (tokenRef: string) => boolean;
  /** Whether the proxy enforces the routes file with that SHA-256, so that an agent is not told too early. */
  readonly inEffect?: (hash: string) => boolean;
  /** Appends one event; throws when it cannot be stored. */
  readonly record: (event: EventFields) => void;
  readonly onDefect: (error: unknown) => void;
}

/** The running server; disposal closes it at once. */
export interface Supervise extends AsyncDisposable {
  readonly port: number;
  /** Loads what the first call would wait for. */
  prepare(): void;
}

/** Where the endpoint is. */
export const MCP_PATH = "/mcp";
const MAX_BODY = 1 << 20;
/** Calls that wait at once; a further one is answered "pending" immediately. */
const MAX_WAITING = 64;
const VERSION = "0.1.0";

/**
 * Serves the Model Context Protocol to the agents of one bottle.
 *
 * @throws Error when the address cannot be used, or the start cannot be recorded.
 */
export async function startSupervise(options: SuperviseOptions): Promise<Supervise> {
  const { queue, isSet, inEffect, onDefect } = options;
  const proposals = new AgentProposals({ contract: options.contractDir, queue, isSet, inEffect });
  let waiting = 0;
  const takePlace = () => {
    if (waiting >= MAX_WAITING) return undefined;
    waiting++;
    return { [Symbol.dispose]: () => void waiting-- };
  };
  let loading: Promise<Endpoint> | undefined;
  const endpoint = () => loading ??= load();
  const load = async () => {
    const { openEndpoint } = await import("./endpoint.ts");
    return openEndpoint({
      version: VERSION,
      context: { proposals, takePlace },
      timeout: options.timeout ?? 300_000,
      progressEvery: options.progressEvery ?? 5_000,
      onDefect,
    }, MAX_BODY);
  };
  const listener = await listenHttp({
    listen: options.listen,
    maxBody: MAX_BODY,
    tooLarge: () => refusal(413, -32600, `the body is larger than ${MAX_BODY} bytes`),
    onDefect,
    answer: async (request) => {
      if (new URL(request.url).pathname !== MCP_PATH) {
        return refusal(404, -32600, `there is nothing but ${MCP_PATH} here`);
      }
      try {
        return await (await endpoint()).answer(request);
      } catch (error) {
        if (!request.signal.aborted) onDefect(error);
        return refusal(500, -32603, "internal error");
      }
    },
  });
  try {
    options.record({ type: "supervise_started", slug: options.slug });
  } catch (error) {
    await listener[Symbol.asyncDispose]();
    throw new Error(`Cannot start supervise: ${messageOf(error)}`, { cause: error });
  }
  return {
    port: listener.port,
    prepare: () => void endpoint().catch(onDefect),
    async [Symbol.asyncDispose]() {
      await loading?.then((endpoint) => endpoint.close(), () => {}); // what failed to load was told of
      await listener[Symbol.asyncDispose]();
    },
  };
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status });
}
