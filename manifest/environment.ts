import type { EffectiveManifest } from "./effective.ts";
import { type EnvValue, isEnvValueProblem, parseEnvValue } from "./env_value.ts";
import { manifestError } from "./problem.ts";
import { originAt, positionOf } from "./sourced.ts";

/** Where the values of `env` come from. */
export interface EnvironmentSources {
  /** Reads a host variable. */
  lookup(variable: string): string | undefined;
  /** Values given on the command line; they win over the manifest and answer its questions. */
  readonly given: Readonly<Record<string, string>>;
  /** Asks the operator without echo; absent when there is no terminal. */
  ask?(name: string, question: string): Promise<string>;
}

/**
 * The bottle's environment as `env` describes it. Everything that can fail without a question fails before
 * the first question.
 *
 * @throws BottleError `manifest_env` for a host variable that is not set, `manifest_ask` for a question that
 * nobody can be asked.
 */
export async function resolveEnvironment(
  effective: EffectiveManifest,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const environment = new Map<string, string>();
  const questions: { name: string; question: string }[] = [];
  for (const [name, text] of Object.entries(effective.bottle.env)) {
    if (Object.hasOwn(sources.given, name)) continue;
    const value = parsed(text);
    if (value.kind === "literal") environment.set(name, value.text);
    else if (value.kind === "host") {
      environment.set(name, hostValue(effective, name, value.variable, sources));
    } else questions.push({ name, question: value.question });
  }
  for (const { name, question } of questions) {
    if (sources.ask === undefined) {
      throw manifestError(
        "manifest_ask",
        `env.${name} is asked at start, and there is no terminal`,
        {
          ...placeOf(effective, name),
          hint: `give the answer with --env ${name}=VALUE`,
        },
      );
    }
    environment.set(name, await sources.ask(name, question));
  }
  for (const [name, value] of Object.entries(sources.given)) environment.set(name, value);
  return Object.fromEntries(environment);
}

function parsed(text: string): EnvValue {
  const value = parseEnvValue(text);
  // The schema has refused what cannot be parsed.
  return isEnvValueProblem(value) ? { kind: "literal", text } : value;
}

function hostValue(
  effective: EffectiveManifest,
  name: string,
  variable: string,
  sources: EnvironmentSources,
): string {
  const value = sources.lookup(variable);
  if (value !== undefined) return value;
  throw manifestError(
    "manifest_env",
    `env.${name} copies the host variable ${variable}, which is not set`,
    { ...placeOf(effective, name), hint: `set ${variable}, or give --env ${name}=VALUE` },
  );
}

function placeOf(effective: EffectiveManifest, name: string) {
  const position = positionOf(originAt(effective.tree, ["env", name]));
  return { position, text: effective.texts.get(position.file) };
}

/**
 * Refuses a variable of `env` or of the command line that the agent's provider sets: in its place stands what keeps the
 * credential out of the bottle.
 *
 * @param own what the provider sets.
 * @throws BottleError `manifest_env`.
 */
export function refuseProviderNames(
  effective: EffectiveManifest,
  given: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  provider: string,
): void {
  for (const name of Object.keys(own)) {
    const isGiven = Object.hasOwn(given, name);
    if (!isGiven && !Object.hasOwn(effective.bottle.env, name)) continue;
    throw manifestError(
      "manifest_env",
      `${isGiven ? `--env ${name}` : `env.${name}`} is set by provider ${provider} itself`,
      {
        ...(isGiven ? {} : placeOf(effective, name)),
        hint: "leave it out; a credential is named by agent_provider.auth_token",
      },
    );
  }
}

/** A credential that is shorter could stand in any text by chance; it is compared as a whole. */
const LONG_ENOUGH = 8;

/**
 * Refuses a variable of the bottle that holds a credential of the sidecar, under whatever name it came.
 *
 * @param secrets host variables and their values.
 * @throws BottleError `manifest_env`; no value is in the message.
 */
export function refuseCopiedSecrets(
  effective: EffectiveManifest,
  environment: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
  secrets: readonly { readonly name: string; readonly value: string }[],
): void {
  for (const [name, text] of Object.entries(environment)) {
    const copied = secrets.find(({ value }) =>
      value !== "" && (value.length < LONG_ENOUGH ? text.trim() === value : text.includes(value))
    );
    if (copied === undefined) continue;
    const isGiven = Object.hasOwn(given, name);
    throw manifestError(
      "manifest_env",
      `${
        isGiven ? `--env ${name}` : `env.${name}`
      } holds the credential ${copied.name}, which would be in the bottle then`,
      {
        ...(isGiven ? {} : placeOf(effective, name)),
        hint: "leave it out: the sidecar adds the credential to requests on its way out",
      },
    );
  }
}
