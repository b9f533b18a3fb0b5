import * as z from "zod";
import { isHostProblem, parseHostPattern } from "./host_name.ts";

/** Outbound detectors that a route can name. */
export const OUTBOUND_DETECTORS = [
  "token_patterns",
  "known_secrets",
  "entropy",
  "financial",
] as const;
/** Inbound detectors that a route can name. */
export const INBOUND_DETECTORS = ["naive_injection_detection"] as const;

/** Shapes of model APIs: whose requests are checked for what would run elsewhere, and whose answers say what they used. */
export const MODEL_APIS = ["anthropic-messages", "openai-responses", "openai-completions"] as const;
export type ModelApi = typeof MODEL_APIS[number];

/** What runs on a model provider's side or is kept there, out of reach of every allowlist; off unless listed. */
export const MODEL_API_EXTRAS = ["files", "web_search", "web_fetch", "hosted_tools"] as const;
export type ModelApiExtra = typeof MODEL_API_EXTRAS[number];

/** Largest body that is scanned unless a route says otherwise, in bytes. */
export const DEFAULT_MAX_BODY = 16 * 1024 * 1024;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110 section 5.6.2
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Byte counts: a plain number, or text with a binary suffix (`512k`, `16m`, `2g`). */
export const byteCountSchema = z.union([
  z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  z.string().regex(
    /^[1-9]\d{0,11}[kmg]?$/i,
    "expected a byte count such as 65536, 512k, 16m or 2g",
  ),
]);

/** The bytes that a {@linkcode byteCountSchema} value stands for. */
export function bytesOf(count: number | string): number {
  if (typeof count === "number") return count;
  const unit = { k: 1 << 10, m: 1 << 20, g: 1 << 30 }[count.slice(-1).toLowerCase()];
  return unit === undefined ? Number(count) : Number(count.slice(0, -1)) * unit;
}

const method = z.string().regex(
  /^[A-Z][A-Z0-9-]{0,31}$/,
  "expected an upper-case method such as GET",
);

const pathMatcher = z.strictObject({
  type: z.enum(["prefix", "exact", "regex"]).default("prefix"),
  value: z.string().min(1).max(2048),
}).superRefine(({ type, value }, context) => {
  if (type === "regex") {
    const reason = linearRegexProblem(value);
    if (reason !== undefined) {
      context.addIssue({ code: "custom", path: ["value"], message: reason });
    }
  } else if (!value.startsWith("/")) {
    context.addIssue({
      code: "custom",
      path: ["value"],
      message: "expected a path that starts with /",
    });
  }
});

const headerMatcher = z.strictObject({
  name: z.string().max(256).regex(TOKEN, "expected a header name"),
  value: z.string().max(2048),
  type: z.enum(["exact", "regex"]).default("exact"),
}).superRefine(({ type, value }, context) => {
  const reason = type === "regex" ? linearRegexProblem(value) : undefined;
  if (reason !== undefined) context.addIssue({ code: "custom", path: ["value"], message: reason });
});

const matchEntry = z.strictObject({
  paths: z.array(pathMatcher).min(1).optional(),
  methods: z.array(method).min(1).optional(),
  headers: z.array(headerMatcher).min(1).optional(),
});

/** One entry of `egress.routes` in a bottle, and of `routes.yaml`. */
export const routeSchema = z.strictObject({
  host: z.string().min(1).max(253),
  ports: z.array(z.number().int().min(1).max(65535)).min(1).optional(),
  insecure_http: z.boolean().optional(),
  allow_private: z.boolean().optional(),
  auth: z.strictObject({
    scheme: z.string().regex(
      /^(Bearer|token|basic|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/,
      "expected Bearer, token, basic or header:<Name>",
    ),
    token_ref: z.string().regex(ENV_NAME, "expected the name of an environment variable"),
  }).optional(),
  matches: z.array(matchEntry).min(1).optional(),
  git: z.strictObject({ fetch: z.boolean().optional() }).optional(),
  model_api: z.strictObject({
    kind: z.enum(MODEL_APIS),
    allow: z.array(z.enum(MODEL_API_EXTRAS)).optional(),
  }).optional(),
  dlp: z.strictObject({
    outbound_detectors: z.union([z.literal(false), z.array(z.enum(OUTBOUND_DETECTORS))]).optional(),
    inbound_detectors: z.union([z.literal(false), z.array(z.enum(INBOUND_DETECTORS))]).optional(),
    outbound_on_match: z.enum(["supervise", "redact", "block"]).optional(),
    inbound_on_match: z.enum(["flag", "block"]).optional(),
    max_body: byteCountSchema.optional(),
  }).optional(),
}).superRefine((route, context) => {
  const pattern = parseHostPattern(route.host);
  if (isHostProblem(pattern)) {
    context.addIssue({
      code: "custom",
      path: ["host"],
      message: `${pattern.reason} (no scheme, no port)`,
    });
  } else if (
    pattern.kind === "exact" && pattern.host.kind === "ip" && route.allow_private !== true
  ) {
    context.addIssue({
      code: "custom",
      path: ["host"],
      message: "an IP address needs allow_private: true",
    });
  }
});

/** A route as it is written: snake_case keys, absent means the default. */
export type RouteDocument = z.output<typeof routeSchema>;

/**
 * Compiles a pattern for V8's linear-time engine (flag `l`), so that no path or header an agent sends can
 * stall the proxy by backtracking. Needs `--v8-flags=--enable-experimental-regexp-engine`.
 *
 * @throws SyntaxError when the pattern is invalid or needs backtracking (look-around, back-references).
 */
export function compileLinearRegex(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, "l");
}

/** Why `source` cannot be used as a route pattern; undefined when it can. */
export function linearRegexProblem(source: string): string | undefined {
  try {
    compileLinearRegex(source);
    return undefined;
  } catch (error) {
    return `${
      (error as Error).message
    }; patterns must run in linear time (no look-around, no back-references)`;
  }
}
