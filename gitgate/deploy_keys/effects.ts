import type { Clock } from "../../core/clock.ts";
import { BottleError } from "../../core/errors.ts";
import type { DeployKeyProvisioner } from "./deploy_key.ts";
import { FORGES } from "./forges.ts";
import type { HttpRequester } from "./http.ts";
import { createProvisioner } from "./provisioner.ts";

/** What work on deploy keys touches. */
export interface DeployKeyEffects {
  readonly request: HttpRequester;
  readonly clock: Clock;
  /** Waits; ends early when the signal fires. {@linkcode pause} unless a test passes its own. */
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Milliseconds for the creation of one key. */
  readonly createBudget: number;
  /** Milliseconds for the revocation of one key. */
  readonly revokeBudget: number;
  readonly signal?: AbortSignal;
}

/** Usual time for one operation at a forge, in milliseconds. */
export const FORGE_BUDGET = 30_000;

/** Waits with a timer. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, ms);
  const onAbort = () => resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}

/** The account that a record, or a key to be made, belongs to. */
export interface ForgeAccount {
  readonly provider: string;
  readonly api: string;
  readonly token_ref: string;
}

/**
 * Deploy keys of an account.
 *
 * @param budget milliseconds for one operation.
 * @throws BottleError `forge_token` for a token that no header field can hold; it is not quoted.
 */
export function provisionerFor(
  { provider, api, token_ref }: ForgeAccount,
  token: string,
  { request, clock, pause }: DeployKeyEffects,
  budget: number,
): DeployKeyProvisioner {
  const forge = FORGES.get(provider);
  if (forge === undefined) throw new TypeError(`Cannot find forge ${JSON.stringify(provider)}`);
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw new BottleError(`Cannot use the token in ${token_ref}: it is empty or holds a space`, {
      code: "forge_token",
      hint: `set ${token_ref} to the token alone, without quotes or a line break`,
    });
  }
  return createProvisioner({
    forge,
    api,
    token,
    tokenName: token_ref,
    request,
    clock,
    pause,
    budget,
  });
}
