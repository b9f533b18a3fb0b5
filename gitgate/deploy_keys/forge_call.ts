import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { DeployKeyError } from "./deploy_key_error.ts";
import type { Forge } from "./forge.ts";
import { isRateLimited, quotable, retryDelay } from "./forge_answer.ts";
import { HttpFailure, type HttpRequest, type HttpRequester, type HttpResponse } from "./http.ts";
import { answerError, noAnswerError } from "./refusal.ts";

/** One account at one forge, and the effects that reach it. */
export interface ForgeConnection {
  readonly forge: Forge;
  /** Base of the API, without a slash at the end. */
  readonly api: string;
  readonly token: string;
  /** The host's variable that holds the token, for hints. */
  readonly tokenName: string;
  readonly request: HttpRequester;
  readonly clock: Clock;
  /** Waits; ends early when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Milliseconds that one operation may take, all its requests and waits together. */
  readonly budget: number;
}

/** What is done with one time budget. */
export interface Operation {
  readonly connection: ForgeConnection;
  /** Beginning of its errors, such as `Cannot add deploy key "x" to repository app (team/app at git.example.org)`. */
  readonly what: string;
  /** When its time is up, on the monotonic clock. */
  readonly ends: number;
  readonly signal: AbortSignal | undefined;
}

/** When a forge refuses for too many requests and does not say for how long. */
const RATE_LIMIT_PAUSE = 2000;
/** How often a rate limit is waited for. */
const RATE_LIMIT_WAITS = 2;
const RETRIED: ReadonlySet<string> = new Set([
  "forge_failed",
  "forge_lost",
  "forge_timeout",
  "forge_unreachable",
]);

/** Before a request is repeated that failed without saying when to come back, in milliseconds: half a second of 30. */
export function retryPause({ connection: { budget } }: Operation): number {
  return budget / 60;
}

/** Milliseconds that an operation has left. */
export function timeLeft({ connection, ends }: Operation): number {
  return ends - connection.clock.monotonic();
}

/**
 * Sends a request and waits for a 2xx answer. Rate limits are waited for within the budget. Failures of the forge or the
 * way to it are tried once more, unless it was a POST that may have been acted upon: that is the caller's to find out.
 *
 * @throws DeployKeyError
 */
export async function send(
  operation: Operation,
  method: HttpRequest["method"],
  path: string,
  body?: Readonly<Record<string, string | boolean>>,
): Promise<HttpResponse> {
  const { connection, signal } = operation;
  let retried = false;
  for (let waits = 0;;) {
    let error: DeployKeyError;
    let wait = retryPause(operation);
    try {
      const response = await attempt(operation, method, path, body);
      if (response.status >= 200 && response.status < 300) return response;
      error = answerError(operation, method, response);
      if (isRateLimited(response)) {
        wait = retryDelay(response, connection.clock.now()) ?? RATE_LIMIT_PAUSE;
        if (waits++ >= RATE_LIMIT_WAITS || wait >= timeLeft(operation)) throw error;
        await connection.pause(wait, signal);
        continue;
      }
    } catch (thrown) {
      if (!(thrown instanceof DeployKeyError) || !RETRIED.has(thrown.code)) throw thrown;
      error = thrown;
    }
    if (retried || error.mayExist || !RETRIED.has(error.code) || wait >= timeLeft(operation)) {
      throw error;
    }
    retried = true;
    await connection.pause(wait, signal);
  }
}

/** One request; it may use half of the whole budget, so that there is time for a second look. */
async function attempt(
  operation: Operation,
  method: HttpRequest["method"],
  path: string,
  body: Readonly<Record<string, string | boolean>> | undefined,
): Promise<HttpResponse> {
  const { forge, api, token, budget, request } = operation.connection;
  const failed = (kind: HttpFailure["kind"] | "timeout", sent: boolean, reason: string) =>
    noAnswerError(operation, kind, sent && method === "POST", quotable(reason, token));
  const time = Math.min(timeLeft(operation), budget / 2);
  if (operation.signal?.aborted) throw failed("aborted", false, "");
  if (time <= 0) throw failed("timeout", false, "");
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(), time);
  try {
    return await request({
      method,
      url: new URL(`${api}${path}`),
      headers: {
        ...forge.headers(token),
        "User-Agent": "bot-bottle",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: operation.signal === undefined
        ? expiry.signal
        : AbortSignal.any([operation.signal, expiry.signal]),
    });
  } catch (error) {
    const sent = error instanceof HttpFailure ? error.sent : true;
    if (operation.signal?.aborted) throw failed("aborted", sent, "");
    if (expiry.signal.aborted) throw failed("timeout", sent, "");
    throw failed(error instanceof HttpFailure ? error.kind : "lost", sent, messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}
