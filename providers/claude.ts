import * as z from "zod";
import type { RouteDocument } from "../core/route.ts";
import { claudeTranscripts } from "./claude_transcript.ts";
import {
  ALLOW,
  isAllowed,
  modelApiOf,
  PLACEHOLDER,
  type PlannedFile,
  type PlanRequest,
  type Provider,
  type ProviderConfig,
  type ProviderCredential,
  STARTUP_ARGS,
  startupArgs,
  tokenOf,
} from "./provider.ts";

/** How API keys begin; everything else is taken for a token of `claude setup-token`. */
const API_KEY = /^sk-ant-api/;

/** What the CLI shows of a key when it asks whether to use it. */
const KEY_ENDING = 20;

/** Claude Code. */
export const claude: Provider = {
  name: "claude",
  brief: "Claude Code",
  settings: z.strictObject({ ...STARTUP_ARGS, ...ALLOW }),
  ownFiles: {
    folders: [".claude"],
    instructions: ["CLAUDE.md", "CLAUDE.local.md"],
    logins: [".claude/.credentials.json", ".claude.json"],
  },
  skills: ".claude/skills",
  transcripts: claudeTranscripts,
  advice: {
    variable: "CLAUDE_OAUTH",
    how: "claude setup-token prints one for your subscription; an API key works too",
  },
  packages: (platform) => [{ name: `@anthropic-ai/claude-code-${platform}` }],
  programs: (platform) => ({
    claude: [`node_modules/@anthropic-ai/claude-code-${platform}/claude`],
  }),

  credential(config, sources) {
    const form = API_KEY.test(tokenOf(config, sources)) ? "api_key" : "oauth";
    return { form, tokens: {}, facts: {} };
  },

  routes: (config, credential) => [apiRoute(config, credential)],

  plan(request) {
    const { places, systemPrompt, prompt, config } = request;
    return {
      argv: [
        `${places.bin}/claude`,
        // The walls are the bottle's: asking before each command would only teach the operator to say yes.
        "--dangerously-skip-permissions",
        ...conversation(request),
        ...(systemPrompt === ""
          ? []
          : ["--append-system-prompt-file", `${places.fixed}/system-prompt.md`]),
        ...startupArgs(config),
        ...(prompt === undefined ? [] : ["--print", "--", prompt]),
      ],
      env: environment(request),
      home: [configuration(request), settings(request)],
      fixed: [
        { path: "system-prompt.md", content: systemPrompt },
        { path: "status-line", content: `${statusLine(request)}\n` },
      ],
    };
  },
};

/** By its name where it has one: `--continue` on a terminal passes over a conversation that `--print` began. */
function conversation({ resumed, session }: PlanRequest): readonly string[] {
  if (!resumed) return [];
  const [, id] = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/.exec(session ?? "") ?? [];
  return id === undefined ? ["--continue"] : ["--resume", id];
}

/** Files for the Messages API are kept in the account of whoever's key uploads them; they pass only when asked for. */
const FILES = [{ paths: [{ type: "prefix" as const, value: "/v1/files" }] }];

function apiRoute(
  config: ProviderConfig,
  credential: ProviderCredential | undefined,
): RouteDocument {
  const { auth_token } = config;
  const exact = (value: string) => ({ type: "exact" as const, value });
  return {
    host: "api.anthropic.com",
    // The sidecar takes every credential of the agent's own off a route that has one to add.
    ...(auth_token === undefined ? {} : {
      auth: {
        scheme: credential?.form === "api_key" ? "header:x-api-key" : "Bearer",
        token_ref: auth_token,
      },
    }),
    matches: [
      { methods: ["POST"], paths: [exact("/v1/messages"), exact("/v1/messages/count_tokens")] },
      {
        methods: ["GET"],
        paths: [
          { type: "prefix", value: "/v1/models" },
          exact("/api/hello"),
          exact("/api/claude_code/settings"),
          exact("/api/claude_code/policy_limits"),
        ],
      },
      ...(isAllowed(config, "files") ? FILES : []),
    ],
    model_api: modelApiOf(config, "anthropic-messages"),
    dlp: { outbound_on_match: "redact", inbound_detectors: false, max_body: "32m" },
  };
}

function environment({ credential }: PlanRequest): Record<string, string> {
  return {
    ...(credential.form === "api_key"
      ? { ANTHROPIC_API_KEY: PLACEHOLDER }
      : { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER }),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    // The title says which bottle this is.
    CLAUDE_CODE_DISABLE_TERMINAL_TITLE: "1",
    // Each would be denied at every start.
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
    CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY: "1",
    DISABLE_AUTOUPDATER: "1",
  };
}

/** `~/.claude.json`: every question that would stand before the prompt is answered. */
function configuration({ places }: PlanRequest): PlannedFile {
  const content = {
    hasCompletedOnboarding: true,
    bypassPermissionsModeAccepted: true,
    projects: { [places.workspace]: { hasTrustDialogAccepted: true } },
    // Whatever the credential is now: a later start may have a key.
    customApiKeyResponses: { approved: [PLACEHOLDER.slice(-KEY_ENDING)], rejected: [] },
    ...(places.supervise === undefined
      ? {}
      : { mcpServers: { supervise: { type: "http", url: places.supervise } } }),
  };
  return { path: ".claude.json", content: `${JSON.stringify(content, null, 2)}\n` };
}

function settings({ places, config }: PlanRequest): PlannedFile {
  const content = {
    skipDangerousModePermissionPrompt: true,
    statusLine: { type: "command", command: `cat ${places.fixed}/status-line` },
    // A search runs on the provider's side: the route refuses it, so it is not even offered.
    ...(isAllowed(config, "web_search") ? {} : { permissions: { deny: ["WebSearch"] } }),
  };
  return { path: ".claude/settings.json", content: `${JSON.stringify(content, null, 2)}\n` };
}

/** SGR numbers of the colours that a label can have (ECMA-48). */
const SGR: Readonly<Record<string, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
};

function statusLine({ label, color }: PlanRequest): string {
  const code = color === undefined ? undefined : SGR[color];
  return code === undefined ? label : `\x1b[${code}m${label}\x1b[0m`;
}
