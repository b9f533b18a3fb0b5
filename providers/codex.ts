import * as z from "zod";
import { BottleError, ExitCode } from "../core/errors.ts";
import { printable } from "../core/printable.ts";
import type { RouteDocument } from "../core/route.ts";
import { codexTranscripts } from "./codex_transcript.ts";
import {
  ALLOW,
  checkedToken,
  type CredentialSources,
  isAllowed,
  modelApiOf,
  PLACEHOLDER,
  type PlannedFile,
  type PlanRequest,
  type Platform,
  type Provider,
  type ProviderConfig,
  type ProviderCredential,
  STARTUP_ARGS,
  startupArgs,
  tokenOf,
} from "./provider.ts";

/** Under this name the sidecar's route finds the login that codex has on the host; no host variable holds it. */
const HOST_LOGIN = "CODEX_HOST_LOGIN";

const TARGET: Readonly<Record<Platform, string>> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
};

/** OpenAI's Codex CLI. */
export const codex: Provider = {
  name: "codex",
  brief: "Codex CLI",
  settings: z.strictObject({ ...STARTUP_ARGS, ...ALLOW }),
  forwardsHostCredentials: true,
  ownFiles: {
    folders: [".codex", ".agents"],
    instructions: ["AGENTS.md", "AGENTS.override.md"],
    logins: [".codex/auth.json"],
  },
  skills: ".codex/skills",
  transcripts: codexTranscripts,
  advice: { variable: "OPENAI_API_KEY", how: "an API key of your OpenAI account" },
  packages: (platform) => [{ name: "@openai/codex", suffix: `-${platform}` }],
  programs: (platform) => ({
    codex: [`node_modules/@openai/codex/vendor/${TARGET[platform]}/bin/codex`],
  }),

  credential(config, sources) {
    if (config.forward_host_credentials === true) return hostLogin(sources);
    tokenOf(config, sources);
    return { form: "api_key", tokens: {}, facts: {} };
  },

  form(config, sources) {
    if (config.forward_host_credentials !== true) return undefined;
    const { stored } = readLogin(sources);
    return stored === undefined ? undefined : storedForm(stored);
  },

  routes: (config, credential) => [
    (credential?.form ?? declaredForm(config)) === "chatgpt"
      ? chatgptRoute(config)
      : apiRoute(config),
  ],

  plan(request) {
    const { places, systemPrompt, prompt, resumed, config } = request;
    const options = [
      // The walls are the bottle's.
      "--dangerously-bypass-approvals-and-sandbox",
      ...(systemPrompt === ""
        ? []
        : ["--config", `developer_instructions=${tomlText(systemPrompt)}`]),
      ...startupArgs(config),
    ];
    const program = `${places.bin}/codex`;
    return {
      argv: prompt === undefined
        // Also a conversation that began with a prompt alone.
        ? [
          program,
          ...(resumed ? ["resume", "--last", "--include-non-interactive"] : []),
          ...options,
        ]
        : [
          ...[program, "exec", ...(resumed ? ["resume", "--last"] : [])],
          // A hyphen alone would stand for stdin.
          ...["--skip-git-repo-check", ...options, "--", prompt === "-" ? " -" : prompt],
        ],
      env: {},
      home: [login(request), configuration(request)],
      fixed: [],
    };
  },
};

function declaredForm({ forward_host_credentials }: ProviderConfig): string {
  return forward_host_credentials === true ? "chatgpt" : "api_key";
}

const exact = (value: string) => ({ type: "exact" as const, value });
const prefix = (value: string) => ({ type: "prefix" as const, value });
const DLP = { outbound_on_match: "redact", inbound_detectors: false, max_body: "32m" } as const;

/** Uploads are kept in the account of whoever's key they come with; they pass only when asked for. */
const FILES = [{ paths: [prefix("/v1/files"), prefix("/v1/uploads")] }];

function apiRoute(config: ProviderConfig): RouteDocument {
  const token = config.forward_host_credentials === true ? HOST_LOGIN : config.auth_token;
  return {
    host: "api.openai.com",
    ...(token === undefined ? {} : { auth: { scheme: "Bearer", token_ref: token } }),
    matches: [
      { methods: ["POST"], paths: [exact("/v1/responses"), exact("/v1/responses/compact")] },
      { methods: ["GET"], paths: [prefix("/v1/models")] },
      ...(isAllowed(config, "files") ? FILES : []),
    ],
    model_api: modelApiOf(config, "openai-responses"),
    dlp: DLP,
  };
}

/** What a login with ChatGPT talks to; the account is found before the first call of a model. */
function chatgptRoute(config: ProviderConfig): RouteDocument {
  const api = "/backend-api";
  return {
    host: "chatgpt.com",
    auth: { scheme: "Bearer", token_ref: HOST_LOGIN },
    matches: [
      {
        methods: ["POST"],
        paths: [exact(`${api}/codex/responses`), exact(`${api}/codex/responses/compact`)],
      },
      {
        methods: ["GET"],
        paths: [
          exact(`${api}/codex/models`),
          exact(`${api}/wham/accounts/check`),
          exact(`${api}/wham/settings/user`),
          exact(`${api}/wham/usage`),
        ],
      },
    ],
    model_api: modelApiOf(config, "openai-responses"),
    dlp: DLP,
  };
}

/** What `auth.json` says; undefined when there is none. */
function readLogin(sources: CredentialSources) {
  const folder = sources.variable("CODEX_HOME") ?? "";
  if (folder !== "" && !folder.startsWith("/")) {
    throw noLogin(
      "CODEX_HOME is not an absolute path",
      "set it to your folder of codex, or unset it",
    );
  }
  const place = folder === "" ? "~/.codex/auth.json" : `${folder.replace(/\/+$/, "")}/auth.json`;
  const text = sources.file(place.replace(/^~\//, ""));
  if (text === undefined) return { place, stored: undefined };
  const stored = parsed(text);
  if (stored === undefined) throw noLogin(`${place} holds no JSON object`);
  return { place, stored };
}

/** The names that `auth_mode` has for the kinds of login that can be forwarded. */
const FORMS: Readonly<Record<string, string>> = { apikey: "api_key", chatgpt: "chatgpt" };

/** As the CLI decides: by `auth_mode`, in older files by whether a key is there. */
function storedForm({ auth_mode: mode, OPENAI_API_KEY: key }: Record<string, unknown>): string {
  if (mode === undefined || mode === null) {
    return wordOf(key) === undefined ? "chatgpt" : "api_key";
  }
  const form = typeof mode === "string" && Object.hasOwn(FORMS, mode) ? FORMS[mode] : undefined;
  if (form !== undefined) return form;
  throw noLogin(`a login of the kind ${JSON.stringify(mode)} cannot be forwarded`);
}

/**
 * The login that codex has on this machine: `auth.json` in `CODEX_HOME`, or in `~/.codex`.
 *
 * @throws BottleError `provider_credential` when there is none, it cannot be used, or it has run out: only codex itself
 * renews it.
 */
function hostLogin(sources: CredentialSources): ProviderCredential {
  const { place, stored } = readLogin(sources);
  if (stored === undefined) throw noLogin("codex is not logged in on this machine");
  if (storedForm(stored) === "api_key") {
    const key = wordOf(stored.OPENAI_API_KEY);
    if (key === undefined) throw noLogin(`${place} holds no API key`);
    return {
      form: "api_key",
      tokens: { [HOST_LOGIN]: checkedToken(key, place) },
      facts: {},
    };
  }
  const tokens = record(stored.tokens);
  const token = wordOf(tokens.access_token);
  if (token === undefined) throw noLogin(`${place} holds no access token`);
  checkedToken(token, place);
  const claims = parsed(payloadOf(token));
  const expires = Number(claims?.exp);
  if (Number.isFinite(expires) && expires * 1000 <= sources.now.getTime()) {
    throw noLogin("the login of codex on this machine has run out");
  }
  const claim = record(claims?.[AUTH_CLAIM]);
  const account = wordOf(tokens.account_id) ?? wordOf(claim.chatgpt_account_id);
  if (account === undefined) throw noLogin(`the login in ${place} names no account`);
  return {
    form: "chatgpt",
    tokens: { [HOST_LOGIN]: token },
    facts: {
      account: checkedToken(account, place),
      plan: wordOf(claim.chatgpt_plan_type) ?? "plus",
    },
  };
}

/** A text that is not empty, without the space around it. */
function wordOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? undefined : text;
}

function noLogin(
  reason: string,
  hint = "run codex login here, or use auth_token instead of forward_host_credentials",
): BottleError {
  return new BottleError(`Cannot forward the host's credentials: ${printable(reason)}`, {
    code: "provider_credential",
    exit: ExitCode.manifest,
    hint,
  });
}

/** Where a token of ChatGPT says whose it is. */
const AUTH_CLAIM = "https://api.openai.com/auth";

/**
 * `~/.codex/auth.json` of the bottle. For a login with ChatGPT: tokens that nobody signed (RFC 7519 section 6), which
 * say no more than the account; the CLI reads them, and the sidecar puts the real one in their place.
 */
function login({ credential }: PlanRequest): PlannedFile {
  const { form, facts } = credential;
  const dummy = unsignedToken({
    exp: 4_102_444_800, // 2100-01-01: what really expires is the sidecar's
    [AUTH_CLAIM]: {
      chatgpt_plan_type: facts.plan ?? "plus",
      chatgpt_account_id: facts.account ?? "",
      chatgpt_user_id: "user",
    },
  });
  const content = form === "chatgpt"
    ? {
      auth_mode: "chatgpt",
      OPENAI_API_KEY: null,
      tokens: {
        id_token: dummy,
        access_token: dummy,
        refresh_token: PLACEHOLDER,
        account_id: facts.account,
      },
      last_refresh: "2100-01-01T00:00:00Z",
    }
    : { OPENAI_API_KEY: PLACEHOLDER };
  return { path: ".codex/auth.json", content: `${JSON.stringify(content, null, 2)}\n` };
}

function unsignedToken(payload: unknown): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${part({ alg: "none", typ: "JWT" })}.${part(payload)}.${PLACEHOLDER}`;
}

/** The second part of a JSON Web Token as text; undefined when it is none. */
function payloadOf(token: string): string | undefined {
  try {
    return atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A basic string of TOML: what JSON escapes, TOML reads the same way; DEL it wants escaped. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

/** `~/.codex/config.toml`. The provider is OpenAI's own without its WebSocket: requests are whole and can be looked at. */
function configuration({ places, credential, config }: PlanRequest): PlannedFile {
  const base = credential.form === "chatgpt"
    ? "https://chatgpt.com/backend-api/codex"
    : "https://api.openai.com/v1";
  const lines = [
    'approval_policy = "never"',
    'sandbox_mode = "danger-full-access"',
    "check_for_update_on_startup = false",
    // A search runs on the provider's side: the route refuses it, so it is not even offered.
    ...(isAllowed(config, "web_search") ? [] : ['web_search = "disabled"']),
    'model_provider = "bottle"',
    "",
    "[model_providers.bottle]",
    'name = "OpenAI"',
    `base_url = ${tomlText(base)}`,
    'wire_api = "responses"',
    "requires_openai_auth = true",
    "supports_websockets = false",
    "",
    `[projects.${tomlText(places.workspace)}]`,
    'trust_level = "trusted"',
    "",
    // The title says which bottle this is.
    "[tui]",
    "terminal_title = []",
    "",
    "[analytics]",
    "enabled = false",
    "",
    "[features]",
    "plugins = false",
    "apps = false",
    "enable_request_compression = false",
    ...(places.supervise === undefined ? [] : [
      ...["", "[mcp_servers.supervise]", `url = ${tomlText(places.supervise)}`],
      // An operator may take longer than a minute, and the server says itself when it waits no more.
      "tool_timeout_sec = 600",
    ]),
  ];
  return { path: ".codex/config.toml", content: `${lines.join("\n")}\n` };
}
