import { ExitCode } from "../../core/errors.ts";
import { DeployKeyError } from "./deploy_key_error.ts";
import { forgeMessage, isRateLimited, quotable } from "./forge_answer.ts";
import type { Operation } from "./forge_call.ts";
import type { HttpFailureKind, HttpRequest, HttpResponse } from "./http.ts";

/** The error for an answer that is not 2xx; the forge's own words are quoted. */
export function answerError(
  operation: Operation,
  method: HttpRequest["method"],
  response: HttpResponse,
): DeployKeyError {
  const { forge, token, tokenName, api } = operation.connection;
  const { status } = response;
  const said = forgeMessage(response, token);
  const make = (code: string, reason: string, hint: string) =>
    new DeployKeyError(
      `${operation.what}: ${reason} (${status}${said === "" ? "" : `: ${said}`})`,
      { code, hint, mayExist: method === "POST" && status >= 500 },
    );
  if (isRateLimited(response)) {
    return make("forge_rate_limited", "too many requests", "try again later");
  }
  if (method === "POST" && forge.isCollision(status, said)) {
    return make(
      "deploy_key_collision",
      "the forge has a key with this title or content already",
      "remove the old key in the repository's settings, or start the bottle again for a new one",
    );
  }
  if (status >= 300 && status < 400) {
    const to = quotable(response.headers.get("location") ?? "", token);
    return make(
      "forge_redirect",
      `the forge answers with a redirect${to === "" ? "" : ` to ${to}`}, which is not followed`,
      "correct url or key.api: the repository or the forge has moved",
    );
  }
  if (status === 401) {
    return make(
      "forge_unauthorized",
      "the forge does not accept the token",
      `put a valid token into ${tokenName}; it needs ${forge.scope}`,
    );
  }
  if (status === 403) {
    return make(
      "forge_forbidden",
      "the token may not do this",
      `the token in ${tokenName} needs ${forge.scope}`,
    );
  }
  if (status === 404) {
    return make(
      "forge_not_found",
      "the forge knows no such repository, or hides it from this token",
      `check url, and that the token in ${tokenName} has ${forge.scope}; the API is taken to be at ${api}`,
    );
  }
  if (status >= 500) {
    return make("forge_failed", "the forge failed", "try again; see whether the forge is up");
  }
  return make("forge_rejected", "the forge refuses", `see docs/deploy-keys.md for ${forge.label}`);
}

/** The error for a request that has no usable answer. */
export function noAnswerError(
  { what, connection: { api, budget } }: Operation,
  kind: HttpFailureKind | "timeout",
  mayExist: boolean,
  said: string,
): DeployKeyError {
  const host = new URL(api).host;
  const [code, reason, hint] = {
    timeout: ["forge_timeout", `${host} did not answer within ${budget / 1000} s`, "try again"],
    unreachable: [
      "forge_unreachable",
      `${host} does not accept connections`,
      "check url and key.api, and that the forge is up",
    ],
    tls: [
      "forge_tls",
      `TLS with ${host} failed`,
      "a forge with a private certificate authority needs egress.upstream_ca",
    ],
    lost: ["forge_lost", `the connection to ${host} broke before an answer`, "try again"],
    too_large: [
      "forge_answer",
      `the answer of ${host} is too long`,
      "check that key.api is the base of the forge's API",
    ],
    aborted: ["forge_aborted", "interrupted", "start again"],
  }[kind] as [string, string, string];
  return new DeployKeyError(`${what}: ${reason}${said === "" ? "" : ` (${said})`}`, {
    code,
    hint,
    mayExist,
    ...(kind === "aborted" ? { exit: ExitCode.interrupted } : {}),
  });
}
