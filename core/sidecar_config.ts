import * as z from "zod";
import { gateConfigSchema } from "./gate_config.ts";

/** Where a service of the sidecar listens. */
const listenerSchema = z.union([
  z.strictObject({ unix: z.string().min(1).max(100) }), // sun_path holds 108 bytes
  z.strictObject({
    tcp: z.strictObject({ host: z.string(), port: z.number().int().min(0).max(65535) }),
  }),
]);

/**
 * `config/sidecar.json`: what the host tells one sidecar. Paths are absolute or relative to the contract
 * directory (`state/<slug>/sidecar`). No secret is in it.
 */
export const sidecarConfigSchema = z.strictObject({
  version: z.literal(1),
  slug: z.string(),
  listeners: z.strictObject({
    egress: listenerSchema.optional(),
    git: listenerSchema.optional(),
    supervise: listenerSchema.optional(),
  }),
  egress: z.strictObject({
    /** 0 off, 1 denials, 2 every decision. */
    log: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(2),
    /** PEM file with further trust roots for upstreams. */
    upstream_ca: z.string().optional(),
    /** `http://host:port` of a CONNECT proxy that every upstream connection goes through. */
    upstream_proxy: z.string().optional(),
    /** Names with a fixed address. */
    hosts: z.record(z.string(), z.string()).default({}),
    /** Whether clients must send `Proxy-Authorization: Basic bot-bottle:$BOT_BOTTLE_PROXY_PASSWORD`. */
    auth: z.boolean().default(false),
  }).prefault({}),
  /** The push gate; absent when the bottle has no repository. */
  gitgate: gateConfigSchema.optional(),
  /** Repositories whose ssh key is made at their forge when the sidecar starts. */
  deploy_keys: z.array(z.strictObject({
    /** Name of the repository in `gitgate`. */
    repo: z.string(),
    provider: z.string(),
    /** Name under which the sidecar's environment holds the forge's token. */
    token_ref: z.string(),
    /** The host's own name for it, to be shown. */
    variable: z.string(),
    api: z.string().optional(),
  })).default([]),
  timeouts: z.strictObject({
    /** Milliseconds. */
    connect: z.number().int().positive().default(15_000),
    headers: z.number().int().positive().default(30_000),
    idle: z.number().int().positive().default(600_000),
    drain: z.number().int().positive().default(5_000),
    /** How long a request with a finding waits for the operator. */
    hold: z.number().int().positive().default(300_000),
    /** How long an agent's call of the supervise server waits for the operator. */
    supervise: z.number().int().positive().default(300_000),
  }).prefault({}),
  /** Whether end of file on stdin ends the sidecar (the host is gone). */
  exit_on_stdin_eof: z.boolean().default(true),
});

/** A parsed `sidecar.json`, defaults filled in. */
export type SidecarConfig = z.output<typeof sidecarConfigSchema>;

export { ContractPath } from "./contract_path.ts";
