import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { type CallContext, callTool } from "./tool_calls.ts";
import { toolDescriptions } from "./tools.ts";

/** What a protocol server is made for. */
export interface ProtocolServerOptions {
  readonly version: string;
  readonly context: Omit<CallContext, "onWaiting" | "wait">;
  readonly timeout: number;
  /** Milliseconds between two progress notifications. */
  readonly progressEvery: number;
  /** Ends when the connection that brought the request is gone. */
  readonly gone: AbortSignal;
  /** Told of errors that are the server's own fault; the client is told "internal error". */
  readonly onDefect: (error: unknown) => void;
}

const INSTRUCTIONS =
  "This sandbox reaches only what its operator allowed. When a request is denied, propose a change with " +
  "egress-allow; the operator decides. Never try to get around a denial.";

/** A server of the Model Context Protocol that serves one HTTP request. */
export function protocolServer(options: ProtocolServerOptions): Server {
  const { context, timeout, progressEvery, gone, onDefect } = options;
  const server = new Server(
    { name: "bot-bottle-supervise", version: options.version },
    {
      capabilities: { tools: {} },
      instructions: INSTRUCTIONS,
      jsonSchemaValidator: { getValidator: () => refuseSchema },
    },
  );
  server.setRequestHandler("tools/list", () => ({ tools: toolDescriptions() }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const token = mcpReq._meta?.progressToken;
    const onWaiting = (id: string, passed: number) => {
      if (token === undefined) return;
      const seconds = Math.round(passed / 1000);
      mcpReq.notify({
        method: "notifications/progress",
        params: {
          progressToken: token,
          progress: seconds,
          message: `proposal ${id} waits for the operator (${seconds} s)`,
        },
      }).catch(() => {}); // the client is gone; its signal says so
    };
    try {
      const said = await callTool(params.name, params.arguments, {
        ...context,
        wait: {
          timeout,
          every: progressEvery,
          signal: AbortSignal.any([mcpReq.signal, gone]),
        },
        onWaiting,
      });
      return {
        content: [{ type: "text" as const, text: said.text }],
        structuredContent: said.data,
        ...(said.isError ? { isError: true } : {}),
      };
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      onDefect(error);
      throw new ProtocolError(ProtocolErrorCode.InternalError, "internal error");
    }
  });
  return server;
}

/** No schema of a client is ever compiled here. */
function refuseSchema(): never {
  throw new TypeError("Schemas of clients are not evaluated");
}
