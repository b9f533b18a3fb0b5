import { BottleError, ExitCode } from "../core/errors.ts";
import { printable } from "../core/printable.ts";
import type { Host } from "./context.ts";

/** Names the prefixes, separated by commas, of host variables whose values must not leave a bottle. */
export const PREFIXES_VARIABLE = "BOT_BOTTLE_SENSITIVE_PREFIXES";

/**
 * The variables of the host that no bottle may send anywhere, under the names that the sidecar takes them by. Nothing of
 * them enters a bottle: an agent may find the same value in a file of the workspace.
 *
 * @throws BottleError `usage` for a prefix that no variable can have: what it was to name would not be guarded.
 */
export function sensitiveVariables(
  host: Pick<Host, "env" | "envMatching">,
): Record<string, string> {
  const prefixes = (host.env(PREFIXES_VARIABLE) ?? "").split(",").map((prefix) => prefix.trim())
    .filter((prefix) => prefix !== "");
  if (prefixes.length === 0) return {};
  const wrong = prefixes.find((prefix) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix));
  if (wrong !== undefined) {
    throw new BottleError(
      `Cannot use ${PREFIXES_VARIABLE}: "${printable(wrong)}" begins no name of a variable`,
      {
        code: "usage",
        exit: ExitCode.usage,
        hint: `set ${PREFIXES_VARIABLE} to prefixes with commas between them, such as CORP_,VAULT_`,
      },
    );
  }
  const found = host.envMatching(new RegExp(`^(?:${prefixes.join("|")})`));
  return Object.fromEntries(
    Object.entries(found)
      .filter(([name, value]) => value !== "" && name !== PREFIXES_VARIABLE)
      .map(([name, value]) => [`BOT_BOTTLE_SENSITIVE_${name}`, value]),
  );
}
