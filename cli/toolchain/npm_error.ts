import { BottleError, ExitCode } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";

/** What to do, by the code that npm names; https://docs.npmjs.com/common-errors has most of them. */
const HINTS: readonly (readonly [codes: RegExp, hint: string])[] = [
  [
    /^EINTEGRITY$/,
    "what the registry sent is not what is pinned: nothing of it was used; see which registry npm asks: npm config get registry",
  ],
  [
    /^(?:E404|ETARGET|ENOVERSIONS)$/,
    "the registry does not have this version: npm config get registry says which one npm asks",
  ],
  [/^(?:E401|E403|ENEEDAUTH|EOTP)$/, "the registry wants a login: npm login"],
  [
    /CERT|^UNABLE_TO_|^SELF_SIGNED/,
    "npm does not trust the registry's certificate: set NODE_EXTRA_CA_CERTS to the file with its root",
  ],
  [/^(?:ENOSPC|EDQUOT)$/, "the disk is full: make room below bot-bottle's folder"],
  [/^(?:EACCES|EPERM|EROFS)$/, "see who owns bot-bottle's folder, and whether it can be written"],
  [
    /^(?:E5\d\d|E429|ENOTFOUND|EAI_AGAIN|ECONN.*|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET.*|EPROTO|EIDLETIMEOUT|FETCH.*)$/,
    "see that npm reaches its registry: npm ping",
  ],
];

/**
 * The error for an npm that ended with `code`.
 *
 * @param stderr what it said; of its log nothing, which is removed with the unfinished folder.
 */
export function npmFailure(code: number, stderr: string): BottleError {
  const said = printable(stderr).trim().split("\n")
    .filter((line) =>
      !/a complete log of this run|log files were not written|-debug-\d+\.log/i.test(line)
    )
    .join("\n").trim();
  const named = /\bcode ([A-Z][A-Z0-9_]+)\b/.exec(said)?.[1] ?? "";
  const hint = HINTS.find(([codes]) => codes.test(named))?.[1] ??
    "see what npm says above, and its settings: npm config list";
  return new BottleError(`Cannot install an agent CLI: npm ended with ${code}\n${tail(said)}`, {
    code: "npm_failed",
    exit: ExitCode.cannotStart,
    hint,
  });
}

/** The end of a text, by whole lines. */
function tail(text: string): string {
  return text.split("\n").slice(-12).join("\n").slice(-2000);
}
