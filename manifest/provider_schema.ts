import * as z from "zod";
import { hostVariableField, lineField } from "./field.ts";

/** Agent CLIs that a manifest can name. */
export const PROVIDER_TEMPLATES = ["claude", "codex", "pi", "command"] as const;

const startupArgs = { startup_args: z.array(z.string()).optional() };

const commonSettings = z.strictObject(startupArgs);

/** What runs on the provider's side or is kept there, out of reach of every allowlist; off unless listed. */
export const PROVIDER_SIDE = ["files", "web_search"] as const;

const modelSettings = z.strictObject({
  ...startupArgs,
  allow: z.array(z.enum(PROVIDER_SIDE)).optional(),
});

const piSettings = z.strictObject({
  ...startupArgs,
  provider: lineField.min(1).optional(),
  base_url: lineField.regex(/^https?:\/\/[^\s@]+$/, "expected an http or https URL").optional(),
  api: lineField.min(1).optional(),
  api_key: lineField.min(1).optional(),
  api_key_env: hostVariableField.optional(),
  models: z.array(lineField.min(1)).min(1).optional(),
  max_tokens_field: z.enum(["max_tokens", "max_completion_tokens"]).optional(),
  reasoning: z.boolean().optional(),
  developer_role: z.boolean().optional(),
}).superRefine((settings, context) => {
  if (settings.api_key !== undefined && settings.api_key_env !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["api_key"],
      message: "either api_key or api_key_env, not both",
    });
  }
});

const fields = {
  dockerfile: lineField.min(1).optional(),
  auth_token: hostVariableField.optional(),
};
const notForwarded = z.literal(false, {
  error: "only the codex template can forward the host's credentials",
}).optional();

/** `agent_provider` of a bottle. The whole map replaces a parent's, so that a credential never moves to another agent. */
export const agentProviderField = z.discriminatedUnion("template", [
  z.strictObject({
    template: z.literal("claude"),
    ...fields,
    forward_host_credentials: notForwarded,
    settings: modelSettings.optional(),
  }),
  z.strictObject({
    template: z.literal("codex"),
    ...fields,
    forward_host_credentials: z.boolean().optional(),
    settings: modelSettings.optional(),
  }),
  z.strictObject({
    template: z.literal("pi"),
    ...fields,
    forward_host_credentials: notForwarded,
    settings: piSettings.optional(),
  }),
  z.strictObject({
    template: z.literal("command"),
    ...fields,
    forward_host_credentials: notForwarded,
    settings: commonSettings.optional(),
  }),
]);
