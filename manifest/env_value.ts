import { ENV_NAME } from "./field.ts";

/** What a value under `env` asks for. */
export type EnvValue =
  | { readonly kind: "literal"; readonly text: string }
  /** Copied from this variable of the host's environment. */
  | { readonly kind: "host"; readonly variable: string }
  /** Asked when the bottle starts. */
  | { readonly kind: "ask"; readonly question: string };

/** Why a value under `env` was not accepted. */
export interface EnvValueProblem {
  readonly problem: string;
}

/**
 * Reads one value of `env`: `${NAME}` as a whole is a host variable, `?Question` is asked at start,
 * anything else stands for itself. `${` inside other text is refused, because it would look copied and not be.
 */
export function parseEnvValue(text: string): EnvValue | EnvValueProblem {
  if (text.includes("\0")) return { problem: "must not hold a NUL character" };
  if (text.startsWith("?")) {
    const question = text.slice(1).trim();
    return question === "" ? { problem: "expected a question after ?" } : { kind: "ask", question };
  }
  if (!text.includes("${")) return { kind: "literal", text };
  const variable = /^\$\{([^}]*)\}$/.exec(text)?.[1];
  if (variable === undefined) {
    return { problem: "a host variable must be the whole value, as in ${NAME}" };
  }
  if (!ENV_NAME.test(variable)) {
    return { problem: `${JSON.stringify(variable)} is not the name of an environment variable` };
  }
  return { kind: "host", variable };
}

/** Whether {@linkcode parseEnvValue} found a problem. */
export function isEnvValueProblem(value: EnvValue | EnvValueProblem): value is EnvValueProblem {
  return "problem" in value;
}
