import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import { protocolServer, type ProtocolServerOptions } from "./protocol_server.ts";

/** What answers requests at the endpoint's path. */
export interface Endpoint {
  answer(request: Request): Promise<Response>;
  close(): Promise<void>;
}

const KEEP_ALIVE = 15_000;

/** The name of the server inside a bottle, besides those of its loopback. */
const NAME = "supervise";

/**
 * Speaks streamable HTTP, revisions 2024-10-07 to 2026-07-28, one request at a time: no session is kept, since what
 * lasts is the queue. In a file of its own because it loads the protocol's library, which the first request waits
 * for and the start of a bottle does not.
 */
export function openEndpoint(
  options: Omit<ProtocolServerOptions, "gone">,
  maxBody: number,
): Endpoint {
  const handler = createMcpHandler(
    ({ requestInfo }) =>
      protocolServer({
        ...options,
        gone: requestInfo?.signal ?? new AbortController().signal,
      }),
    { maxRequestBodySize: maxBody, keepAliveMs: KEEP_ALIVE },
  );
  return {
    answer: (request) => {
      const refused =
        hostHeaderValidationResponse(request, [NAME, ...localhostAllowedHostnames()]) ??
          originValidationResponse(request, [NAME, ...localhostAllowedOrigins()]);
      return refused === undefined ? handler.fetch(request) : Promise.resolve(refused);
    },
    close: () => handler.close(),
  };
}
