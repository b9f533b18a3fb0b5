import { BottleError, ExitCode } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { Host } from "../context.ts";

/**
 * npm from where the system keeps it, or from a folder of PATH that nobody else can write; killed when this process
 * dies (PR_SET_PDEATHSIG): told to go, it waits for its downloads. It runs no script of any package.
 */
const NPM_SCRIPT = `
for folder in /usr/bin /bin /usr/local/bin /opt/homebrew/bin; do
  [ -x "$folder/npm" ] && npm=$folder/npm && break
done
if [ -z "\${npm:-}" ]; then
  npm=$(command -v npm) || exit 127
  case $npm in /*) ;; *) exit 127 ;; esac
  [ -z "$(find "\${npm%/*}" -maxdepth 0 -perm -0002)" ] || exit 127
fi
PATH=\${npm%/*}:$PATH
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  [ -r "$bundle" ] || continue
  export NODE_EXTRA_CA_CERTS="\${NODE_EXTRA_CA_CERTS:-$bundle}"
  break
done
set -- "$npm" "$@"
if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL -- "$@"; fi
exec "$@"
`;

/** What npm may know of the operator's environment: its own settings and the way to the registry, no credential of agents. */
const PASSED =
  /^(?:HOME|PATH|LANG|LC_ALL|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(?:https?|no|all)_proxy|npm_config_.*)$/i;

/** How npm is run. */
export type Npm = (folder: string, signal?: AbortSignal) => Promise<void>;

/**
 * Installs what the lock file in a folder names. npm is a program of its own with a network of its own; this one has
 * none.
 *
 * @throws BottleError `npm_missing`, `npm_failed`.
 */
export function npmCi(host: Pick<Host, "envMatching">): Npm {
  return async (folder, signal) => {
    const child = new Deno.Command("/bin/sh", {
      args: [
        ...["-c", NPM_SCRIPT, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        ...["--no-update-notifier", "--loglevel=error", "--no-progress"],
        // npm's own pauses would keep somebody without a network waiting for a minute.
        ...["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000"],
        ...["--cache", `${folder}/.npm`],
      ],
      cwd: folder,
      clearEnv: true,
      env: host.envMatching(PASSED),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const kill = () => {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
    };
    signal?.addEventListener("abort", kill);
    if (signal?.aborted) kill();
    const { code, stderr } = await child.output();
    signal?.removeEventListener("abort", kill);
    if (code === 0) return;
    if (code === 127) {
      throw new BottleError("Cannot install an agent CLI: npm is not there", {
        code: "npm_missing",
        exit: ExitCode.cannotStart,
        hint: "install Node.js with npm; it is needed for the installation alone",
      });
    }
    const said = printable(new TextDecoder().decode(stderr).trim());
    throw new BottleError(`Cannot install an agent CLI: npm ended with ${code}\n${tail(said)}`, {
      code: "npm_failed",
      exit: ExitCode.cannotStart,
      hint: "see that npm reaches its registry: npm ping",
    });
  };
}

/** The end of a text, by whole lines. */
function tail(text: string): string {
  return text.split("\n").slice(-12).join("\n").slice(-2000);
}
