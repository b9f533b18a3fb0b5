import * as z from "zod";
import { proposedRouteSchema } from "../../core/live_route.ts";

/** What JSON Schema cannot say of a route, key by key. */
const REMARKS: Readonly<Record<string, string>> = {
  host:
    "a host name, or *.example.com for every name below it (not example.com itself); no scheme, no port",
  ports: "default [443]",
  matches:
    "absent: every request. Otherwise a request must satisfy one entry: one of its paths, one of its methods, " +
    "all of its headers. A regex covers the whole path, without look-around and back-references",
  auth:
    "scheme is Bearer, token, basic or header:<Name>; the proxy adds a credential that you never see; name only token_refs that the live file has",
  model_api:
    "the host is a model's API: of what is done on its side (uploaded files, search, fetching URLs, other tools that " +
    "run there) only what allow lists is let through; without this key nothing of that is checked",
  dlp: "what is looked for in bodies; leave it out for the defaults",
  git: "fetch: true allows clone and fetch over https; pushes go through the git gate",
  ttl: "how long the route is wanted, such as 30m, 2h or 1d: ask for no more than you need",
  expires: "when a route that you find in the live file ends",
  insecure_http: "plain http too, without a credential",
  allow_private: "addresses of private networks",
};

type Schema = z.core.JSONSchema.BaseSchema;

/** How a `routes.yaml` is written, for a tool description: made from the schema that validates it. */
export function routeSchemaText(): string {
  const { properties = {}, required = [] } = z.toJSONSchema(proposedRouteSchema, { io: "input" });
  const keys = Object.entries(properties).map(([key, value]) => {
    const remark = REMARKS[key];
    return `- ${memberText(key, value, required)}${remark === undefined ? "" : ` (${remark})`}`;
  });
  return [
    "routes.yaml is YAML or JSON: a map with the one key routes, a list with one entry for each host.",
    "What no entry allows is denied. Keys of an entry (an unknown one refuses the whole file):",
    ...keys,
    "Example:",
    "routes:",
    "  - host: api.example.com",
    "    matches:",
    "      - methods: [GET]",
    "        paths: [{ type: prefix, value: /v1/ }]",
    "    ttl: 2h",
  ].join("\n");
}

function memberText(key: string, schema: unknown, required: readonly string[]): string {
  return `${key}${required.includes(key) ? "" : "?"}: ${typeText(schema as Schema)}`;
}

/** A JSON Schema in the notation of a TypeScript type; bounds are said by the error of whoever exceeds them. */
function typeText(schema: Schema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => typeText(each)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) {
    const fallback = schema.default === undefined ? "" : ` = ${schema.default}`;
    return schema.enum.map((each) => JSON.stringify(each)).join(" | ") + fallback;
  }
  if (schema.type === "array") return `[${typeText(schema.items as Schema)}, ...]`;
  if (schema.type === "object") {
    const members = Object.entries(schema.properties ?? {})
      .map(([key, value]) => memberText(key, value, schema.required ?? []));
    return `{ ${members.join("; ")} }`;
  }
  return String(schema.type);
}
