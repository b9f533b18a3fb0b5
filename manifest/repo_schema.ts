import * as z from "zod";
import { hostPathField, hostVariableField, lineField } from "./field.ts";

const forgeKey = <Name extends string>(provider: Name) =>
  z.strictObject({
    provider: z.literal(provider),
    token_ref: hostVariableField,
    /** Base URL of the forge's API when it is not the usual one of the host. */
    api: lineField.regex(/^https:\/\/[^\s@]+$/, "expected an https:// URL").optional(),
  });

const keyField = z.discriminatedUnion("provider", [
  z.strictObject({ provider: z.literal("static"), path: hostPathField }),
  z.strictObject({ provider: z.literal("token"), token_ref: hostVariableField }),
  forgeKey("gitea"),
  forgeKey("github"),
  forgeKey("gitlab"),
]);

const urlField = lineField.superRefine((text, context) => {
  const reason = repoUrlProblem(text);
  if (reason !== undefined) context.addIssue({ code: "custom", message: reason });
});

/** Why `text` cannot be the upstream of a repository; undefined when it can. */
export function repoUrlProblem(text: string): string | undefined {
  if (/^[^/]+@[^/]+:/.test(text)) return "write the upstream as ssh://git@host/path";
  if (!/^(ssh|https):\/\/[^/\s]+\/[^\s]+$/.test(text) || !URL.canParse(text)) {
    return "expected ssh://user@host[:port]/path or https://host/path";
  }
  const url = new URL(text);
  if (url.password !== "" || (url.protocol === "https:" && url.username !== "")) {
    return "must not hold a credential; name it under key";
  }
  // git hands user and host to ssh as arguments (CVE-2017-1000117).
  if (url.hostname.startsWith("-") || decodedStartsWithHyphen(url.username)) {
    return "a host or user must not begin with a hyphen";
  }
  if (url.search !== "" || url.hash !== "") return "must end after the path";
  return undefined;
}

function decodedStartsWithHyphen(text: string): boolean {
  return text.startsWith("-") || /^%2d/i.test(text);
}

const refField = lineField
  .regex(
    /^refs\/(?!replace\/|notes\/)[^\s~^:?[\\]+$/,
    "expected a pattern such as refs/heads/agent/*",
  )
  .refine((ref) => !ref.includes("..") && !ref.includes("//"), "must not hold .. or //");

/** A repository as one file declares it; what is left out may come from another file. */
export const partialRepoField = z.strictObject({
  url: urlField.optional(),
  host_key: lineField.regex(
    /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,2}( .*)?$/,
    'expected a public host key such as "ssh-ed25519 AAAA…"',
  ).optional(),
  key: keyField.optional(),
  refs: z.array(refField).min(1).optional(),
  allow_delete: z.boolean().optional(),
  allow_force: z.boolean().optional(),
  push_options: z.array(lineField.min(1).max(200)).optional(),
});

/** Which refs may be pushed unless the manifest says otherwise. */
export const DEFAULT_REFS: readonly string[] = ["refs/heads/*", "refs/tags/*"];

/** A repository after merging: it has an upstream, and an ssh upstream has a pinned key and a credential. */
export const repoField = partialRepoField.superRefine(({ url, host_key, key }, context) => {
  const refuse = (message: string, path: string[] = []) =>
    context.addIssue({ code: "custom", path, message });
  if (url === undefined) return refuse("a repository needs a url");
  if (url.startsWith("https:")) {
    if (key !== undefined && key.provider !== "token") {
      refuse("an https upstream takes a key with provider: token", ["key"]);
    }
    return;
  }
  if (host_key === undefined) refuse("an ssh upstream needs a host_key");
  if (key === undefined) refuse("an ssh upstream needs a key");
  else if (key.provider === "token") refuse("provider: token needs an https upstream", ["key"]);
}).transform(({ url, ...rest }) => ({ ...rest, url: url ?? "" }));

/** Name of a repository: it becomes a path of the gate. */
export const REPO_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
