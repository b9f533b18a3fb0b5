import { join, resolve } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { FORGE_BUDGET, pause } from "../gitgate/deploy_keys/effects.ts";
import { revokeLeftovers } from "../gitgate/deploy_keys/leftovers.ts";
import { parseArguments, requiredValue } from "./arguments.ts";
import { forgeRequester } from "./forge_requester.ts";
import { readConfig, readText } from "./read_contract.ts";

/**
 * `revoke-keys --dir CONTRACT [--token VARIABLE=SLOT]…`: revokes the deploy keys that a bottle which was
 * killed left at forges. `SLOT` names the variable of this process that holds the token.
 *
 * @param token looks up a slot.
 * @throws BottleError `deploy_keys_left` when one stays; its record stays too.
 */
export async function revokeKeys(
  args: readonly string[],
  token: (slot: string) => string | undefined,
  say: (line: string) => void,
): Promise<void> {
  const parsed = parseArguments(args, ["--dir", "--token"]);
  const slots = new Map(
    (parsed.options.get("--token") ?? []).map((text) => {
      const [variable, slot] = text.split("=", 2);
      return [variable!, slot ?? ""] as const;
    }),
  );
  const dir = requiredValue(parsed, "--dir");
  const config = readConfig(dir);
  const ca = config.egress.upstream_ca;
  const { revocations, unreadable } = await revokeLeftovers(
    join(dir, ContractPath.deployKeys),
    ({ token_ref }) => token(slots.get(token_ref) ?? ""),
    {
      request: forgeRequester(config, ca === undefined ? undefined : readText(resolve(dir, ca))),
      clock: systemClock,
      pause,
      createBudget: FORGE_BUDGET,
      revokeBudget: FORGE_BUDGET,
    },
  );
  const problems = unreadable.map((path) => `${path} is no record of a deploy key`);
  for (const { record, outcome, error } of revocations) {
    if (outcome === "kept") problems.push(withHint(error));
    else say(`deploy key "${record.title}" of ${record.repo}: ${outcome}`);
  }
  if (problems.length === 0) return;
  throw new BottleError(problems.join("; "), { code: "deploy_keys_left", exit: ExitCode.failed });
}

function withHint(error: unknown): string {
  const hint = error instanceof BottleError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)} (${hint})`;
}
