import * as z from "zod";
import { isHostProblem, parseHostPattern } from "../../core/host_name.ts";
import { gitUserField, hostPathField, hostVariableField } from "../../manifest/field.ts";
import { manifestName } from "../../manifest/manifest_name.ts";
import { partialRepoField, repoUrlProblem } from "../../manifest/repo_schema.ts";

/** How a new bottle's agent gets its credential: the name of a host variable, or the login of this machine. */
export type NewCredential = { readonly variable: string } | { readonly forwarded: true };

/** `agent_provider` of a new bottle. */
export interface NewProvider {
  readonly template: string;
  /** Absent for a provider without one. */
  readonly credential?: NewCredential;
}

/** A repository that a new bottle may push to. */
export interface NewRepo {
  readonly name: string;
  readonly url: string;
  /** For ssh: the server's public key, and a file with the private one. */
  readonly hostKey?: string;
  readonly keyFile?: string;
  /** For https: the host variable with a token; fetches only without one. */
  readonly tokenVariable?: string;
}

/** A bottle that is to be made. */
export interface NewBottle {
  readonly name: string;
  readonly extends: readonly string[];
  /** Absent where a parent has one. */
  readonly provider?: NewProvider;
  readonly allow: readonly string[];
  readonly gitUser?: { readonly name: string; readonly email: string };
  readonly repo?: NewRepo;
}

/** What was answered, by flags or on the screen. */
export interface InitAnswers {
  readonly agent: string;
  /** Whether the agent belongs to the working directory instead of the operator's home. */
  readonly project: boolean;
  /** The system prompt; may be empty. */
  readonly prompt: string;
  /** A new bottle, or the name of one that is there. */
  readonly bottle: NewBottle | string;
}

/** Why a text is no answer; undefined when it is one. */
export type Check = (text: string) => string | undefined;

/** A name of an agent or a bottle. */
export const nameProblem: Check = (text) =>
  manifestName(`${text}.md`) === undefined
    ? "a name is lower-case letters, digits and hyphens, a letter first"
    : undefined;

/** A host variable. What was typed may be a credential, so it is not repeated. */
export const variableProblem: Check = (text) => fieldProblem(hostVariableField, text);

/** Hosts as a route names them, with blanks or commas between. */
export const hostsProblem: Check = (text) => {
  for (const host of hostsOf(text)) {
    const parsed = parseHostPattern(host);
    if (isHostProblem(parsed)) return `${JSON.stringify(host)} is no host: ${parsed.reason}`;
  }
  return undefined;
};

/** The hosts of a list with blanks or commas between, each once. */
export function hostsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((host) => host !== ""))];
}

/** `Name <e-mail>`, or nothing. */
export const gitUserProblem: Check = (text) =>
  text === "" || gitUserOf(text) !== undefined ? undefined : "write it as Name <name@example.org>";

/** Who commits, as `Name <e-mail>`. */
export function gitUserOf(text: string): NewBottle["gitUser"] {
  const found = /^([^<>]+?)\s*<([^<>\s]+@[^<>\s]+)>$/.exec(text.trim());
  const user = { name: found?.[1] ?? "", email: found?.[2] ?? "" };
  return found !== null && gitUserField.safeParse(user).success ? user : undefined;
}

/** The URL of a repository, in any spelling that {@linkcode repoUrlOf} knows. */
export const repoProblem: Check = (text) => repoUrlProblem(repoUrlOf(text));

/** `user@host:path`, as git and forges write it, in the form that a manifest has. */
export function repoUrlOf(text: string): string {
  const short = /^([^\s/:@]+@[^\s/:@]+):(?!\/\/)([^\s]+)$/.exec(text);
  return short === null ? text : `ssh://${short[1]}/${short[2]!.replace(/^\/+/, "")}`;
}

/** The name of a repository: the last part of its path. */
export function repoNameOf(url: string): string {
  const last = url.replace(/\/+$/, "").replace(/\.git$/, "").split("/").at(-1) ?? "";
  const name = last.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 100);
  return name === "" ? "repo" : name;
}

/** A server's public key. */
export const hostKeyProblem: Check = (text) =>
  fieldProblem(partialRepoField.shape.host_key.unwrap(), text);

/** A private key file. */
export const keyFileProblem: Check = (text) => fieldProblem(hostPathField, text);

function fieldProblem(field: z.ZodType, text: string): string | undefined {
  return field.safeParse(text).error?.issues[0]?.message;
}
