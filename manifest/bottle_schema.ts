import * as z from "zod";
import { isHostProblem, parseHostPattern } from "../core/host_name.ts";
import { parseIpv4, parseIpv6 } from "../core/ip_address.ts";
import { byteCountSchema, routeSchema } from "../core/route.ts";
import { isEnvValueProblem, parseEnvValue } from "./env_value.ts";
import {
  budgetField,
  ENV_NAME,
  gitUserField,
  hostPathField,
  lineField,
  shutdownField,
  upstreamProxyField,
} from "./field.ts";
import { agentProviderField } from "./provider_schema.ts";
import { partialRepoField, REPO_NAME, repoField } from "./repo_schema.ts";

const envField = z.record(
  z.string().regex(ENV_NAME, "expected the name of an environment variable"),
  z.string().superRefine((text, context) => {
    const parsed = parseEnvValue(text);
    if (isEnvValueProblem(parsed)) context.addIssue({ code: "custom", message: parsed.problem });
  }),
);

// Only the normal form, so that merging by key compares what is resolved.
const fixedHost = z.string().refine((text) => {
  const pattern = parseHostPattern(text);
  return !isHostProblem(pattern) && pattern.kind === "exact" && pattern.host.kind === "name" &&
    pattern.host.text === text;
}, "expected a host name in lower case, without a final dot");

const fixedAddress = z.string().refine(
  (text) => parseIpv4(text) !== null || parseIpv6(text) !== null,
  "expected an IPv4 or IPv6 address",
);

const reposOf = <Repo extends z.ZodType>(repo: Repo) =>
  z.record(z.string().regex(REPO_NAME, "expected letters, digits, dots, hyphens"), repo);

const egressFields = {
  upstream_ca: hostPathField.optional(),
  upstream_proxy: upstreamProxyField.optional(),
};
const logField = z.union([z.literal(0), z.literal(1), z.literal(2)], {
  error: "expected 0 (off), 1 (blocks) or 2 (everything, redacted)",
});
const hostsField = z.record(fixedHost, fixedAddress);
const routesField = z.array(routeSchema);

const resourcesField = z.strictObject({
  memory: byteCountSchema.optional(),
  cpus: z.number().positive().max(1024).optional(),
  pids: z.number().int().positive().max(4_194_304).optional(), // PID_MAX_LIMIT, proc(5)
  disk: byteCountSchema.optional(),
});

const mountsField = z.array(z.strictObject({ from: hostPathField, to: lineField.min(1) }));

const declared = {
  agent_provider: agentProviderField.optional(),
  shutdown: shutdownField.optional(),
};

/** The frontmatter of one bottle file. `extends` is checked where the chain of parents is known. */
export const bottleFileSchema = z.strictObject({
  extends: z.unknown().optional(),
  ...declared,
  env: envField.optional(),
  "git-gate": z.strictObject({
    user: gitUserField.optional(),
    repos: reposOf(partialRepoField).optional(),
  }).optional(),
  egress: z.strictObject({
    log: logField.optional(),
    ...egressFields,
    hosts: hostsField.optional(),
    routes: routesField.optional(),
  }).optional(),
  budget: budgetField.optional(),
  supervise: z.boolean().optional(),
  resources: resourcesField.optional(),
  mounts: mountsField.optional(),
});

/** A bottle after merging, complete, with defaults filled in. */
export const bottleSchema = z.strictObject({
  ...declared,
  shutdown: shutdownField.default("cutoff"),
  env: envField.default({}),
  "git-gate": z.strictObject({
    user: gitUserField.default({}),
    repos: reposOf(repoField).default({}),
  }).prefault({}),
  egress: z.strictObject({
    log: logField.default(2),
    ...egressFields,
    hosts: hostsField.default({}),
    routes: routesField.default([]),
  }).prefault({}),
  budget: budgetField.default({}),
  supervise: z.boolean().default(true),
  resources: resourcesField.default({}),
  mounts: mountsField.default([]),
});

/** A merged bottle in the manifest's own spelling of keys. `env` values are as written: see `parseEnvValue`. */
export type Bottle = z.output<typeof bottleSchema>;
