import * as z from "zod";

/** Name of a repository: it becomes a path of the gate, and a folder of it. */
export const GATE_REPO_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const absolutePath = z.string().regex(/^\/[^\0\r\n]*$/, "expected an absolute path");
const oneLine = z.string().max(4096).regex(/^[^\0\r\n]*$/, "must not hold a line break");
const milliseconds = z.number().int().positive();

/** One upstream repository, as the host resolved it from the manifest. No secret is in it. */
export const gateRepoSchema = z.strictObject({
  name: z.string().regex(GATE_REPO_NAME),
  /** `ssh://user@host[:port]/path` or `https://host/path`, without a credential. */
  url: oneLine.regex(/^(ssh|https):\/\/[^/\s-][^/\s]*\/[^\s]+$/),
  /** The upstream's public host key, such as `ssh-ed25519 AAAA…`; ssh only. */
  host_key: oneLine.optional(),
  /** File (0600) with the private key, in the gate's own folder; ssh only. */
  identity_file: absolutePath.optional(),
  /** Name under which the sidecar's environment holds the token; https only. */
  token_ref: z.string().optional(),
  /** Refs that may be pushed; `*` stands for any characters. */
  refs: z.array(oneLine).min(1).default(["refs/heads/*", "refs/tags/*"]),
  allow_delete: z.boolean().default(false),
  allow_force: z.boolean().default(false),
  /** Push options that are passed on, as patterns like `refs`; others are refused. */
  push_options: z.array(oneLine).default([]),
});

/** Bounds of what a client may send and what looking at it may cost. */
export const gateLimitsSchema = z.strictObject({
  /** Bytes of one pack as it arrives. */
  pack_bytes: z.number().int().positive().default(2 * 1024 ** 3),
  /** Objects of one pack. */
  objects: z.number().int().positive().default(1_000_000),
  /** Bytes of one object, unpacked. */
  object_bytes: z.number().int().positive().default(256 * 1024 ** 2),
  /** Bytes of all new objects of one push, and of what their archives hold, unpacked. */
  unpacked_bytes: z.number().int().positive().default(8 * 1024 ** 3),
  /** Refs that one push may change. */
  refs: z.number().int().positive().default(200),
  /** Bytes of one path in a tree. */
  path_bytes: z.number().int().positive().default(4096),
  /** Bytes of one fetch request, after decoding. */
  request_bytes: z.number().int().positive().default(16 * 1024 ** 2),
  /** Client connections at once. */
  connections: z.number().int().positive().default(64),
});

/** Milliseconds after which the gate gives up. */
export const gateTimeoutsSchema = z.strictObject({
  /** Without a byte from the client, or without one that it takes. */
  idle: milliseconds.default(60_000),
  /** One conversation with the upstream. */
  upstream: milliseconds.default(300_000),
  /** Receiving and scanning one push. */
  scan: milliseconds.default(900_000),
  /** One run of gitleaks. */
  gitleaks: milliseconds.default(180_000),
  /** A push that waits for another one of the same repository. */
  queue: milliseconds.default(120_000),
  /** The operator's answer to a proposal. */
  allow: milliseconds.default(300_000),
});

/** `gitgate` in `config/sidecar.json`: what the host tells the push gate. */
export const gateConfigSchema = z.strictObject({
  /** Private folder (0700) for mirrors, absolute or relative to the contract directory. */
  dir: z.string().min(1),
  /** Programs by absolute path; without gitleaks every push is refused. */
  tools: z.strictObject({
    git: absolutePath,
    ssh: absolutePath.optional(),
    gitleaks: absolutePath.optional(),
  }),
  repos: z.array(gateRepoSchema).max(200),
  limits: gateLimitsSchema.prefault({}),
  timeouts: gateTimeoutsSchema.prefault({}),
}).superRefine(({ repos }, context) => {
  const names = new Set<string>();
  repos.forEach(({ name }, index) => {
    // The path is compared without case on some file systems, so the names are too.
    if (names.has(name.toLowerCase())) {
      context.addIssue({
        code: "custom",
        path: ["repos", index, "name"],
        message: `the name ${name} is taken`,
      });
    }
    names.add(name.toLowerCase());
  });
});

/** A parsed `gitgate`, defaults filled in. */
export type GateConfig = z.output<typeof gateConfigSchema>;
/** A parsed repository of it. */
export type GateRepo = z.output<typeof gateRepoSchema>;
/** See {@linkcode gateLimitsSchema}. */
export type GateLimits = z.output<typeof gateLimitsSchema>;
/** See {@linkcode gateTimeoutsSchema}. */
export type GateTimeouts = z.output<typeof gateTimeoutsSchema>;
