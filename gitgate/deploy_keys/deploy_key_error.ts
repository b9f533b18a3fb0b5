import { BottleError, type BottleErrorOptions } from "../../core/errors.ts";

/**
 * A failure about a deploy key. Codes: `deploy_key_collision` (key or title is taken), `deploy_key_read_only`,
 * `forge_unauthorized` (401), `forge_forbidden` (403), `forge_not_found` (404), `forge_rejected` (other 4xx),
 * `forge_rate_limited`, `forge_failed` (5xx), `forge_redirect` (3xx), `forge_answer` (not the JSON that was expected, or
 * too long), `forge_timeout`, `forge_unreachable`, `forge_tls`, `forge_lost`, `forge_aborted`.
 */
export class DeployKeyError extends BottleError {
  /** Whether the forge may have the key nevertheless: its record must stay until somebody has looked. */
  readonly mayExist: boolean;

  constructor(message: string, options: BottleErrorOptions & { readonly mayExist: boolean }) {
    super(message, options);
    this.mayExist = options.mayExist;
  }
}
