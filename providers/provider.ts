import * as z from "zod";
import { BottleError, ExitCode } from "../core/errors.ts";
import {
  MODEL_API_EXTRAS,
  type ModelApi,
  type ModelApiExtra,
  type RouteDocument,
} from "../core/route.ts";
import type { Transcripts } from "./transcript.ts";

/** Machines that bottles run on, as npm packages name them. */
export type Platform = "linux-x64" | "linux-arm64";

/** `agent_provider` of a merged bottle, as far as providers read it. */
export interface ProviderConfig {
  readonly template: string;
  /** Host variable that holds the credential. */
  readonly auth_token?: string | undefined;
  readonly forward_host_credentials?: boolean | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** Where a provider may look on the host for its credential, once the start is certain. */
export interface CredentialSources {
  /** Reads a host variable. */
  variable(name: string): string | undefined;
  /**
   * Reads a small file: an absolute path, or one relative to the operator's home. Undefined when it is not there.
   *
   * @throws BottleError `provider_credential` for one that cannot be read.
   */
  file(path: string): string | undefined;
  readonly now: Date;
}

/** What a provider found of its credential. The values themselves go to the sidecar alone. */
export interface ProviderCredential {
  /** The provider's own name for the kind of credential, such as `oauth` or `api_key`. */
  readonly form: string;
  /** Values that no host variable holds, under the names that the provider's routes refer to. */
  readonly tokens: Readonly<Record<string, string>>;
  /** What is no secret and the CLI needs to know, such as the name of an account. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Where things are in every bottle; absolute paths and a URL. */
export interface BottlePlaces {
  readonly home: string;
  readonly workspace: string;
  /** Read-only folder with {@linkcode ProviderPlan.fixed}. */
  readonly fixed: string;
  /** Read-only folder with the programs of {@linkcode Provider.programs}. */
  readonly bin: string;
  /** The supervise server's MCP endpoint; undefined when the bottle has none. */
  readonly supervise: string | undefined;
}

/** What one start asks of a provider. */
export interface PlanRequest {
  readonly config: ProviderConfig;
  readonly credential: ProviderCredential;
  readonly places: BottlePlaces;
  /** The agent's system prompt; may be empty. */
  readonly systemPrompt: string;
  /** The one prompt of a start without a terminal; undefined for a session. */
  readonly prompt: string | undefined;
  /** Whether the last conversation goes on. */
  readonly resumed: boolean;
  /** File of the conversation that goes on, relative to the home: the agent chose the name. Only where one is known. */
  readonly session: string | undefined;
  /** What the agent's own screen may show: label and colour that the operator chose. */
  readonly label: string;
  readonly color: string | undefined;
}

/** A text file of a plan. */
export interface PlannedFile {
  /** Relative, without `.` and `..`. */
  readonly path: string;
  readonly content: string;
}

/** How one agent CLI is run in one bottle. Pure data; a backend carries it out. */
export interface ProviderPlan {
  readonly argv: readonly string[];
  /** Placeholders instead of credentials. Nobody else may set these names. */
  readonly env: Readonly<Record<string, string>>;
  /** Written below the bottle's home when it is new, and anew when a resumed bottle has another plan. */
  readonly home: readonly PlannedFile[];
  /** Written at every start to {@linkcode BottlePlaces.fixed}, where the agent cannot change them. */
  readonly fixed: readonly PlannedFile[];
}

/** An npm package whose newest version is proposed. */
export interface PackageChoice {
  readonly name: string;
  /** Versions to choose from, as npm writes ranges; everything unless given. */
  readonly range?: string;
  /** What follows a version where one package holds several platforms: `-linux-x64`. */
  readonly suffix?: string;
}

/** What an agent CLI has below a home folder and reads again where it stands in a project. */
export interface OwnFiles {
  /** Folders of settings, hooks, skills and the like. Whoever writes there decides what the CLI does. */
  readonly folders: readonly string[];
  /** Names of files that it reads as instructions in any folder. */
  readonly instructions: readonly string[];
  /** Files in `folders`, or beside them, that hold a login. */
  readonly logins: readonly string[];
}

/** One agent CLI: data, and functions without effects. */
export interface Provider {
  /** Value of `agent_provider.template`. */
  readonly name: string;
  /** One line for people. */
  readonly brief: string;
  /** What `agent_provider.settings` may hold; {@linkcode STARTUP_ARGS} among it. */
  readonly settings: z.ZodType<Readonly<Record<string, unknown>>>;
  /** Paths relative to a home folder or a project; kept out of bottles, and named when an agent wrote them. */
  readonly ownFiles: OwnFiles;
  /** Whether `forward_host_credentials` may be true. */
  readonly forwardsHostCredentials?: true;
  /** Host variables besides `auth_token` that the settings name as credentials. */
  credentialVariables?(config: ProviderConfig): readonly string[];
  /** npm packages that hold the CLI, itself first; absent when the bottle's own programs are run. */
  packages?(platform: Platform): readonly PackageChoice[];
  /** Folders of the packages that the CLI does not need; they are not kept. */
  superfluous?(platform: Platform): readonly string[];
  /** Programs by name, each as the words that start it: paths in the toolchain's folder, and options. */
  programs?(platform: Platform): Readonly<Record<string, readonly string[]>>;
  /** Folder of skills, relative to the bottle's home; absent when the CLI knows none. */
  readonly skills?: string;
  /** Its own record of conversations; absent when the CLI keeps none. */
  readonly transcripts?: Transcripts;
  /** Said where a bottle is made by questions: a name for the host variable, and how one gets what it holds. */
  readonly advice?: { readonly variable: string; readonly how: string };
  /**
   * Finds the credential and tells its kind. Absent for a provider without one.
   *
   * @throws BottleError `provider_credential` when there is none, or it cannot be used.
   */
  credential?(config: ProviderConfig, sources: CredentialSources): ProviderCredential;
  /**
   * The kind of credential that is shown before a start is agreed to, where the manifest alone does not tell it.
   * Undefined when there is none.
   */
  form?(config: ProviderConfig, sources: CredentialSources): string | undefined;
  /**
   * The routes of the CLI's own API.
   *
   * @param credential undefined where the manifest is only shown.
   */
  routes(config: ProviderConfig, credential: ProviderCredential | undefined): RouteDocument[];
  plan(request: PlanRequest): ProviderPlan;
}

/** What stands where a CLI insists on a credential. It opens nothing, and looks like no credential of anybody's. */
export const PLACEHOLDER = "placeholder-the-sidecar-adds-the-credential";

/** The credential of a provider that has none. */
export const NO_CREDENTIAL: ProviderCredential = { form: "none", tokens: {}, facts: {} };

/** The setting that every provider has. */
export const STARTUP_ARGS = { startup_args: z.array(z.string()).optional() };

/** What runs on a model provider's side or is kept there, out of reach of every allowlist; off unless listed. */
export const ALLOW = { allow: z.array(z.enum(MODEL_API_EXTRAS)).optional() };

/** Whether the manifest turned something of {@linkcode ALLOW} on. */
export function isAllowed({ settings }: ProviderConfig, what: ModelApiExtra): boolean {
  return Array.isArray(settings?.allow) && settings.allow.includes(what);
}

/** `model_api` of a provider's route: what the agent's requests may ask for, whoever writes them. */
export function modelApiOf(config: ProviderConfig, kind: ModelApi): RouteDocument["model_api"] {
  const allow = MODEL_API_EXTRAS.filter((what) => isAllowed(config, what));
  return allow.length === 0 ? { kind } : { kind, allow };
}

/** `settings.startup_args`. */
export function startupArgs({ settings }: ProviderConfig): readonly string[] {
  const given = settings?.startup_args;
  return Array.isArray(given) ? given.map(String) : [];
}

/**
 * The value of the host variable that `auth_token` names.
 *
 * @throws BottleError `provider_credential`.
 */
export function tokenOf(config: ProviderConfig, sources: CredentialSources): string {
  const name = config.auth_token;
  if (name === undefined) {
    throw new BottleError(`Cannot start ${config.template}: the bottle names no credential`, {
      code: "provider_credential",
      exit: ExitCode.manifest,
      hint: `add auth_token: NAME to agent_provider, with the host variable that holds it`,
    });
  }
  const value = sources.variable(name)?.trim() ?? "";
  if (value !== "") return checkedToken(value, `the host variable ${name}`);
  throw new BottleError(
    `Cannot start ${config.template}: the host variable ${name} is not set or empty`,
    {
      code: "provider_credential",
      exit: ExitCode.manifest,
      hint: `set ${name} in the environment that bot-bottle is started from`,
    },
  );
}

/**
 * A credential that can stand in a header.
 *
 * @param source where it comes from, for people.
 * @throws BottleError `provider_credential`; the value is not in the message.
 */
export function checkedToken(value: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new BottleError(
    `Cannot use the credential in ${source}: it holds a space, a line break or another character that no token has`,
    {
      code: "provider_credential",
      exit: ExitCode.manifest,
      hint: "see how it was copied; it is one word of ASCII characters",
    },
  );
}
