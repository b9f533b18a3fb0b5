import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { bottleFlag } from "./flags.ts";

/** Flags of `egress serve`. */
export interface ServeFlags {
  readonly routes: string;
  readonly dir: string;
  readonly port?: number;
  readonly upstreamCa?: string;
  readonly auth: boolean;
  readonly log?: "0" | "1" | "2";
  readonly host?: readonly string[];
}

/** Flags of `egress test`. */
export interface TestFlags {
  readonly agent?: string;
  readonly bottle?: readonly string[];
  readonly header?: readonly string[];
  readonly dataFile?: string;
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new RangeError(`Cannot use ${JSON.stringify(text)} as a port`);
}

const serveCommand = buildCommand<ServeFlags, [], CliContext>({
  loader: async () => (await import("./egress_serve.ts")).egressServe,
  parameters: {
    flags: {
      routes: { kind: "parsed", parse: String, brief: "File with routes", placeholder: "FILE" },
      dir: {
        kind: "parsed",
        parse: String,
        brief: "Folder for config, queue and events",
        placeholder: "DIR",
      },
      port: {
        kind: "parsed",
        parse: parsePort,
        brief: "TCP port on 127.0.0.1; any free one unless given",
        placeholder: "N",
        optional: true,
      },
      upstreamCa: {
        kind: "parsed",
        parse: String,
        brief: "PEM file with a further trust root for upstreams",
        placeholder: "FILE",
        optional: true,
      },
      auth: {
        kind: "boolean",
        brief: "Require Proxy-Authorization with BOT_BOTTLE_PROXY_PASSWORD",
        default: false,
        withNegated: false,
      },
      log: {
        kind: "enum",
        values: ["0", "1", "2"],
        brief: "Events: 0 off, 1 denials, 2 every decision (2 unless given)",
        optional: true,
      },
      host: {
        kind: "parsed",
        parse: String,
        brief: "Fixed address of a name (repeatable)",
        placeholder: "NAME=ADDRESS",
        optional: true,
        variadic: true,
      },
    },
  },
  docs: {
    brief: "The proxy alone, in the foreground, with EGRESS_TOKEN_* from its environment",
    customUsage: [{
      input: "--routes routes.yaml --dir proxy --port 8080",
      brief: 'prints {"event":"ready","port":8080,"ca":"…"} when it listens',
    }],
  },
});

const testCommand = buildCommand<TestFlags, [method: string, url: string], CliContext>({
  loader: async () => (await import("./egress_test_request.ts")).egressTest,
  parameters: {
    flags: {
      agent: {
        kind: "parsed",
        parse: String,
        brief: "Agent whose bottle it is: with the routes of its provider, as start has them",
        placeholder: "NAME",
        optional: true,
      },
      bottle: bottleFlag,
      header: {
        kind: "parsed",
        parse: String,
        brief: "Header of the request (repeatable)",
        placeholder: "NAME:VALUE",
        optional: true,
        variadic: true,
      },
      dataFile: {
        kind: "parsed",
        parse: String,
        brief: "File with the request's body",
        placeholder: "FILE",
        optional: true,
      },
    },
    aliases: { H: "header" },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Method", parse: String, placeholder: "METHOD" },
        { brief: "Absolute URL", parse: String, placeholder: "URL" },
      ],
    },
  },
  docs: {
    brief: "What the proxy would do with a request and why, as JSON; nothing is sent",
    customUsage: [
      "--bottle dev GET https://api.example.com/v1/items",
      "--agent worker -H content-type:application/json --data-file body.json POST https://api.anthropic.com/v1/messages",
    ],
  },
});

export const egressCommands = buildRouteMap({
  routes: { serve: serveCommand, test: testCommand },
  docs: { brief: "The egress proxy by itself: serve it, or test a request against its rules" },
});
