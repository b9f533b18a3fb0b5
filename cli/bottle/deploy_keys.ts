import { BottleError, ExitCode } from "../../core/errors.ts";
import { ContractPath } from "../../core/contract_path.ts";
import { printable } from "../../sys/log.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { namesIn } from "./find_bottles.ts";
import type { BottleLayout } from "./layout.ts";
import { UPSTREAM_CA } from "./sidecar_files.ts";
import { denoEnvironment, sidecarArgs } from "./sidecar_process.ts";

/** Folder of the records of deploy keys that a bottle has at forges. */
export function deployKeyFolder({ contract }: Pick<BottleLayout, "contract">): string {
  return `${contract}/${ContractPath.deployKeys}`;
}

/** What of a bottle's configuration is needed to revoke them: where forges are, and whom to trust. No secret is in it. */
export const REVOCATION_FILES: readonly string[] = [ContractPath.sidecar, UPSTREAM_CA];

/** How many deploy keys a bottle that does not run has left at forges. */
export function leftDeployKeys(layout: Pick<BottleLayout, "contract">): number {
  return namesIn(deployKeyFolder(layout)).filter((name) => name.endsWith(".json")).length;
}

/**
 * Revokes what {@linkcode leftDeployKeys} counts, by a sidecar, since this program has no network. Tokens are taken from
 * the host's environment, under the names that they had when the bottle started.
 *
 * @throws BottleError `deploy_keys_left` when one could not be revoked; its record stays.
 */
export async function revokeDeployKeys(
  host: Pick<Host, "installation" | "env">,
  layout: BottleLayout,
): Promise<void> {
  const folder = deployKeyFolder(layout);
  const variables = [...new Set(tokenVariables(folder))];
  const named = variables.map((variable, index) => [variable, `EGRESS_TOKEN_${index}`] as const);
  const { code, stderr } = await new Deno.Command(host.installation.deno, {
    args: [
      ...sidecarArgs(host.installation, [layout.contract], [folder]),
      ...["revoke-keys", "--dir", layout.contract],
      ...named.flatMap(([variable, slot]) => ["--token", `${variable}=${slot}`]),
    ],
    env: {
      ...denoEnvironment(bottleHome(host)),
      ...Object.fromEntries(
        named.flatMap(([variable, slot]) => {
          const value = host.env(variable);
          return value === undefined ? [] : [[slot, value]];
        }),
      ),
    },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code === 0) return;
  const said = printable(new TextDecoder().decode(stderr).trim().replace(/^bot-bottle: /, ""));
  throw new BottleError(said, { code: "deploy_keys_left", exit: ExitCode.failed });
}

/** Names of host variables in the records; a name that is none is left out. */
function tokenVariables(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    try {
      const { token_ref } = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(token_ref) ? [token_ref as string] : [];
    } catch {
      return []; // the sidecar names it as no record
    }
  });
}
