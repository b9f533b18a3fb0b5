import * as z from "zod";
import { checkSchema, diagnosticText } from "./check_schema.ts";
import type { Position } from "./diagnostic.ts";
import { BottleError, ExitCode } from "./errors.ts";
import { isHostProblem, parseHost } from "./host_name.ts";
import type { LiveRoute } from "./live_route.ts";
import { parseStrictYaml, YamlProblem } from "./yaml.ts";

/** How a routes file is read. */
export interface RoutesFileRules<T extends LiveRoute> {
  readonly schema: z.ZodType<T>;
  /** Whether a credential can be named. */
  readonly isSet: (tokenRef: string) => boolean;
  /** What to say of one that cannot: the reason, and what to do next. */
  readonly notSet: { readonly reason: string; readonly hint: (tokenRef: string) => string };
}

/**
 * Parses and validates a whole `routes.yaml`. One bad rule refuses the file: a rule that is dropped could have
 * been the one that narrows (clawker and microsandbox shipped that).
 *
 * @param file name for messages.
 * @throws BottleError `routes_*` with file, line, key and an excerpt; exit 3.
 */
export function readRoutes<T extends LiveRoute>(
  text: string,
  file: string,
  { schema, isSet, notSet }: RoutesFileRules<T>,
): T[] {
  const document = parseDocument(text, file);
  const { routes } = checkSchema(
    z.strictObject({ routes: z.array(schema) }),
    { ...document, textOf: () => text },
    { code: "routes_schema", hint: "docs/manifest.md lists every key of a route" },
  );
  const seen = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const host = normalHost(route.host);
    const earlier = seen.get(host);
    if (earlier !== undefined) {
      const { line } = document.position(["routes", earlier, "host"]);
      throw problem(
        "routes_host_twice",
        `routes[${index}].host: ${route.host} stands already in line ${line}`,
        {
          position: document.position(["routes", index, "host"]),
          text,
          hint: "give each host one route, with several matches",
        },
      );
    }
    seen.set(host, index);
    if (route.auth !== undefined && !isSet(route.auth.token_ref)) {
      const { token_ref } = route.auth;
      throw problem(
        "routes_token",
        `routes[${index}].auth.token_ref: ${token_ref} ${notSet.reason}`,
        {
          position: document.position(["routes", index, "auth", "token_ref"]),
          text,
          hint: notSet.hint(token_ref),
        },
      );
    }
  }
  return routes;
}

function parseDocument(text: string, file: string): ReturnType<typeof parseStrictYaml> {
  try {
    return parseStrictYaml(text, file);
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    throw problem("routes_yaml", error.message, {
      position: error.position,
      text,
      hint: "routes files are plain YAML: a map with the key routes",
    });
  }
}

/** One spelling for hosts that match the same requests. */
export function normalHost(host: string): string {
  const wildcard = host.startsWith("*.");
  const parsed = parseHost(wildcard ? host.slice(2) : host);
  return isHostProblem(parsed) ? host : `${wildcard ? "*." : ""}${parsed.text}`;
}

function problem(
  code: string,
  message: string,
  { position, text, hint }: { position: Position; text: string; hint: string },
): BottleError {
  return new BottleError(diagnosticText(position, message, text), {
    code,
    hint,
    exit: ExitCode.manifest,
  });
}
