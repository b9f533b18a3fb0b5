import type { Host } from "./context.ts";

/** Names the prefixes, separated by commas, of host variables whose values must not leave a bottle. */
export const PREFIXES_VARIABLE = "BOT_BOTTLE_SENSITIVE_PREFIXES";

/**
 * The variables of the host that no bottle may send anywhere, under the names that the sidecar takes them by. Nothing of
 * them enters a bottle: an agent may find the same value in a file of the workspace.
 */
export function sensitiveVariables(
  host: Pick<Host, "env" | "envMatching">,
): Record<string, string> {
  const prefixes = (host.env(PREFIXES_VARIABLE) ?? "").split(",").map((prefix) => prefix.trim())
    .filter((prefix) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix));
  if (prefixes.length === 0) return {};
  const found = host.envMatching(new RegExp(`^(?:${prefixes.join("|")})`));
  return Object.fromEntries(
    Object.entries(found)
      .filter(([name, value]) => value !== "" && name !== PREFIXES_VARIABLE)
      .map(([name, value]) => [`BOT_BOTTLE_SENSITIVE_${name}`, value]),
  );
}
