import * as z from "zod";
import { BottleError, ExitCode } from "../core/errors.ts";
import { isHostProblem, parseHost } from "../core/host_name.ts";
import { MODEL_APIS, type ModelApi, type RouteDocument } from "../core/route.ts";
import { hostVariableField, lineField } from "../core/text_field.ts";
import { piTranscripts } from "./pi_transcript.ts";
import {
  ALLOW,
  type CredentialSources,
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

/** How Pi talks to a model, and where: everything that its route and its files are made from. */
interface Endpoint {
  /** Pi's own name for the service. */
  readonly provider: string;
  readonly url: URL;
  readonly api: string;
  /** Whether Pi knows the service and its models itself. */
  readonly known: boolean;
}

/** Services that Pi knows, with the address that its own catalogue has. */
const KNOWN: Readonly<Record<string, { readonly url: string; readonly api: string }>> = {
  anthropic: { url: "https://api.anthropic.com", api: "anthropic-messages" },
  openai: { url: "https://api.openai.com/v1", api: "openai-responses" },
};

/** Below the base URL: what the kinds of API call, and the header that carries a key. */
const APIS: Readonly<Record<string, { readonly paths: readonly string[]; readonly auth: string }>> =
  {
    "anthropic-messages": { paths: ["/v1/messages"], auth: "header:x-api-key" },
    "openai-completions": { paths: ["/chat/completions"], auth: "Bearer" },
    "openai-responses": { paths: ["/responses"], auth: "Bearer" },
    "google-generative-ai": { paths: ["/models/"], auth: "header:x-goog-api-key" },
  };

const OAUTH = /^sk-ant-oat/;

/** The bottle itself, for whoever asks inside of it; no proxy is asked there. */
const BOTTLE_ITSELF = /^(?:(?:.+\.)?localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\]|git-gate|supervise)$/;
/** Names that no public server has (RFC 6762, RFC 8375, and `.internal`, which ICANN reserved). */
const PRIVATE_NAME = /^[^.]+$|\.(?:internal|local|home\.arpa)$/;

const settingsField = z.strictObject({
  ...STARTUP_ARGS,
  ...ALLOW,
  provider: lineField.min(1).optional(),
  base_url: lineField.superRefine((text, context) => {
    const message = baseUrlProblem(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  }).optional(),
  api: lineField.min(1).optional(),
  api_key: lineField.min(1).optional(),
  api_key_env: hostVariableField.optional(),
  models: z.array(lineField.min(1)).min(1).optional(),
  max_tokens_field: z.enum(["max_tokens", "max_completion_tokens"]).optional(),
  reasoning: z.boolean().optional(),
  developer_role: z.boolean().optional(),
}).superRefine((settings, context) => {
  if (settings.api_key !== undefined && settings.api_key_env !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["api_key"],
      message: "either api_key or api_key_env, not both",
    });
  }
});

/** The Pi coding agent. */
export const pi: Provider = {
  name: "pi",
  brief: "Pi",
  settings: settingsField,
  credentialVariables: (config) => {
    const name = text(config, "api_key_env");
    return name === undefined ? [] : [name];
  },
  ownFiles: {
    folders: [".pi", ".agents"],
    instructions: ["AGENTS.md", "CLAUDE.md"],
    logins: [".pi/agent/auth.json"],
  },
  skills: ".pi/agent/skills",
  transcripts: piTranscripts,
  advice: {
    variable: "ANTHROPIC_API_KEY",
    how: "an API key; without further settings Pi talks to Anthropic",
  },
  packages: (platform) => [
    { name: "@earendil-works/pi-coding-agent" },
    { name: `node-${platform}`, range: "22" },
  ],
  // Headers for those who build modules of Node.js.
  superfluous: (platform) => [`node_modules/node-${platform}/include`],
  programs: (platform) => ({
    pi: [
      // Pi needs a newer Node.js than many systems have.
      `node_modules/node-${platform}/bin/node`,
      // Said at every start, because the environment names a proxy.
      "--disable-warning=UNDICI-EHPA",
      "node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js",
    ],
  }),

  credential(config, sources) {
    endpointOf(config); // what is wrong with the settings is said first
    const variable = variableOf(config);
    if (variable === undefined) return { form: "none", tokens: {}, facts: {} };
    const form = OAUTH.test(valueOf(config, variable, sources)) ? "oauth" : "api_key";
    return { form, tokens: {}, facts: {} };
  },

  routes: (config, credential) => [modelRoute(config, credential)],

  plan(request) {
    const { places, systemPrompt, prompt, resumed, config, label } = request;
    return {
      argv: [
        `${places.bin}/pi`,
        ...(resumed ? ["--continue"] : []),
        ...(systemPrompt === ""
          ? []
          : ["--append-system-prompt", `${places.fixed}/system-prompt.md`]),
        // Pi shows the name of a session below its prompt.
        ...(prompt === undefined ? ["--name", label] : []),
        ...startupArgs(config),
        // A word that begins with @ would be read as a file, even after the two hyphens.
        ...(prompt === undefined ? [] : ["--print", "--", prompt.replace(/^@/, " @")]),
      ],
      env: { PI_OFFLINE: "1", PI_SKIP_VERSION_CHECK: "1", PI_TELEMETRY: "0" },
      home: [models(request), settings(request), servers(request)],
      fixed: [{ path: "system-prompt.md", content: systemPrompt }],
    };
  },
};

function text(config: ProviderConfig, key: string): string | undefined {
  const value = config.settings?.[key];
  return typeof value === "string" ? value : undefined;
}

/** Throws BottleError `provider_settings` for a service that Pi does not know and that is not described. */
function endpointOf(config: ProviderConfig): Endpoint {
  const provider = text(config, "provider") ?? "anthropic";
  const known = Object.hasOwn(KNOWN, provider) ? KNOWN[provider] : undefined;
  const url = text(config, "base_url") ?? known?.url;
  const api = text(config, "api") ?? known?.api;
  const wrong = url === undefined
    ? "base_url is missing"
    : api === undefined
    ? "api is missing"
    : !Object.hasOwn(APIS, api)
    ? `api ${JSON.stringify(api)} is not one of ${Object.keys(APIS).join(", ")}`
    : known === undefined && modelNames(config).length === 0
    ? "models is missing"
    : baseUrlProblem(url) !== undefined
    ? `base_url: ${baseUrlProblem(url)}`
    : !isModelApi(api) && !isAllowed(config, "hosted_tools")
    ? `what a request of ${api} asks the provider to do cannot be checked; allow: [hosted_tools] would let it`
    : undefined;
  if (wrong !== undefined) {
    throw new BottleError(`Cannot use provider ${JSON.stringify(provider)} of pi: ${wrong}`, {
      code: "provider_settings",
      exit: ExitCode.manifest,
      hint: `name base_url, api and models in agent_provider.settings; pi knows ${
        Object.keys(KNOWN).join(", ")
      } by itself`,
    });
  }
  const address = new URL(url!);
  if (BOTTLE_ITSELF.test(address.hostname)) throw noWayOut(address.hostname);
  if (address.protocol === "http:" && variableOf(config) !== undefined) throw unsentOverHttp();
  return { provider, url: address, api: api!, known: known !== undefined };
}

function isModelApi(api: string): api is ModelApi {
  return MODEL_APIS.some((known) => known === api);
}

function noWayOut(host: string): BottleError {
  return new BottleError(`Cannot use base_url of pi: in a bottle, ${host} is the bottle itself`, {
    code: "provider_settings",
    exit: ExitCode.manifest,
    hint:
      "name this machine models.internal in base_url, and say where it is with egress.hosts: { models.internal: 127.0.0.1 }",
  });
}

/** The sidecar adds a credential to what travels over TLS alone. */
function unsentOverHttp(): BottleError {
  return new BottleError(
    "Cannot use base_url of pi: over http the credential would never be sent",
    {
      code: "provider_settings",
      exit: ExitCode.manifest,
      hint:
        "write https in base_url; a service without a secret takes a literal api_key instead of auth_token or api_key_env",
    },
  );
}

/** Why a text cannot be a base URL; undefined when it can. What is written is what the route has. */
function baseUrlProblem(text: string): string | undefined {
  const authority = /^https?:\/\/([^/?#\\\s]+)/.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) return "expected an http or https URL";
  if (authority.includes("@")) return "must not hold a user name or password";
  if (/[?#]/.test(text)) return "must not hold a query or a fragment";
  if (/[\s\\]/.test(text)) return "must not hold a space or a backslash";
  const { hostname, port, pathname } = new URL(text);
  const host = parseHost(hostname);
  if (isHostProblem(host)) return `${host.reason}; name one server`;
  if (port === "0") return "must not name port 0";
  if (pathname.includes("//")) return "must not hold an empty part in its path";
  return undefined;
}

function modelNames({ settings }: ProviderConfig): readonly string[] {
  return Array.isArray(settings?.models) ? settings.models.map(String) : [];
}

/** The host variable of the credential; none for a literal key, which is no secret, and for a service without one. */
function variableOf(config: ProviderConfig): string | undefined {
  return config.auth_token ?? text(config, "api_key_env");
}

function valueOf(config: ProviderConfig, variable: string, sources: CredentialSources): string {
  return tokenOf({ ...config, auth_token: variable }, sources);
}

function modelRoute(
  config: ProviderConfig,
  credential: ProviderCredential | undefined,
): RouteDocument {
  const { url, api } = endpointOf(config);
  const { paths, auth } = APIS[api]!;
  const base = url.pathname.replace(/\/+$/, "");
  const variable = variableOf(config);
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const isPrivate = /^[\d.]+$|^\[/.test(url.hostname) || PRIVATE_NAME.test(url.hostname);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    ...(port === 443 ? {} : { ports: [port] }),
    ...(secure ? {} : { insecure_http: true }),
    ...(isPrivate ? { allow_private: true } : {}),
    ...(variable === undefined ? {} : {
      auth: { scheme: credential?.form === "oauth" ? "Bearer" : auth, token_ref: variable },
    }),
    matches: [{
      ...(credential === undefined ? {} : literalKey(config, auth)),
      methods: ["POST"],
      paths: paths.map((path) => ({
        type: path.endsWith("/") ? "prefix" as const : "exact" as const,
        value: `${base}${path}`,
      })),
    }],
    ...(isModelApi(api) ? { model_api: modelApiOf(config, api) } : {}),
    dlp: { outbound_on_match: "redact", inbound_detectors: false, max_body: "32m" },
  };
}

/** A literal key is no secret, and the bottle sends it itself: this one and no other. */
function literalKey(config: ProviderConfig, auth: string) {
  const key = text(config, "api_key");
  if (key === undefined || variableOf(config) !== undefined) return {};
  const name = auth === "Bearer" ? "authorization" : auth.slice("header:".length);
  return {
    headers: [{ name, value: auth === "Bearer" ? `Bearer ${key}` : key, type: "exact" as const }],
  };
}

const AGENT = ".pi/agent";

function file(name: string, content: unknown): PlannedFile {
  return { path: `${AGENT}/${name}`, content: `${JSON.stringify(content, null, 2)}\n` };
}

function models({ config }: PlanRequest): PlannedFile {
  const { provider, url, api, known } = endpointOf(config);
  const { reasoning, developer_role, max_tokens_field } = config.settings ?? {};
  const compat = {
    ...(typeof developer_role === "boolean" ? { supportsDeveloperRole: developer_role } : {}),
    ...(typeof max_tokens_field === "string" ? { maxTokensField: max_tokens_field } : {}),
  };
  const listed = modelNames(config).map((id) => ({
    id,
    ...(typeof reasoning === "boolean" ? { reasoning } : {}),
  }));
  const entry = {
    baseUrl: url.href.replace(/\/+$/, ""),
    apiKey: text(config, "api_key") ?? PLACEHOLDER,
    ...(Object.keys(compat).length === 0 ? {} : { compat }),
    // A service that Pi knows keeps its own models, whatever is listed: the list only chooses among them.
    ...(known ? {} : { api, models: listed }),
  };
  return file("models.json", { providers: { [provider]: entry } });
}

function settings({ config }: PlanRequest): PlannedFile {
  const { provider } = endpointOf(config);
  const model = modelNames(config)[0];
  return file("settings.json", {
    defaultProvider: provider,
    ...(model === undefined ? {} : { defaultModel: model }),
    defaultProjectTrust: "always",
  });
}

function servers({ places }: PlanRequest): PlannedFile {
  if (places.supervise === undefined) return file("mcp.json", { mcpServers: {} });
  // Indirect tools are called from scripts, for which the package as it is installed lacks an interpreter.
  const supervise = { url: places.supervise, timeout: 600, exposure: "direct" };
  return file("mcp.json", { mcpServers: { supervise } });
}
