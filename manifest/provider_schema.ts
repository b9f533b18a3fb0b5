import * as z from "zod";
import type { Provider } from "../providers/provider.ts";
import { PROVIDERS } from "../providers/registry.ts";
import { hostVariableField, lineField } from "./field.ts";

/** Names of the providers that can forward the host's credentials, for people. */
function forwarding(providers: readonly Provider[]): string {
  return providers.filter(({ forwardsHostCredentials }) => forwardsHostCredentials)
    .map(({ name }) => name).join(" and ");
}

function fieldOf({ name, settings, forwardsHostCredentials }: Provider) {
  const error = `only the ${forwarding(PROVIDERS)} template can forward the host's credentials`;
  return z.strictObject({
    template: z.literal(name),
    dockerfile: lineField.min(1).optional(),
    auth_token: hostVariableField.optional(),
    forward_host_credentials: forwardsHostCredentials
      ? z.boolean().optional()
      : z.literal(false, { error }).optional(),
    settings: settings.optional(),
  });
}

const [first, ...rest] = PROVIDERS.map(fieldOf);

/** `agent_provider` of a bottle. The whole map replaces a parent's, so that a credential never moves to another agent. */
export const agentProviderField = z.discriminatedUnion("template", [first!, ...rest]);
