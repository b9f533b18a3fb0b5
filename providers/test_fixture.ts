import {
  type CredentialSources,
  NO_CREDENTIAL,
  type PlanRequest,
  type ProviderConfig,
} from "./provider.ts";

/** A host that has these variables, and these files below the operator's home. */
export function sources(
  { variables = {}, files = {} }: {
    variables?: Readonly<Record<string, string>>;
    files?: Readonly<Record<string, string>>;
  },
): CredentialSources {
  return {
    variable: (name) => variables[name],
    file: (path) => files[path],
    now: new Date("2030-01-01T00:00:00Z"),
  };
}

/** A request for a session in a bottle of everyday. */
export function samplePlanRequest(
  config: ProviderConfig,
  some: Partial<PlanRequest> = {},
): PlanRequest {
  return {
    config,
    credential: NO_CREDENTIAL,
    places: {
      home: "/home/agent",
      workspace: "/workspace",
      fixed: "/fixed",
      bin: "/bin",
      supervise: "http://supervise:9100/mcp",
    },
    systemPrompt: "",
    prompt: undefined,
    resumed: false,
    session: undefined,
    label: "box (dev)",
    color: undefined,
    ...some,
  };
}
