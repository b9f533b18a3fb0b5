import { BottleError, ExitCode } from "../../core/errors.ts";
import type { Host } from "../context.ts";
import { NPM_ENVIRONMENT } from "./npm_environment.ts";
import { npmFailure } from "./npm_error.ts";

/**
 * npm from where the system keeps it, or from a folder of PATH that nobody else can write; killed when this process
 * dies (PR_SET_PDEATHSIG): told to go, it waits for its downloads. It runs no script of any package.
 */
const NPM_SCRIPT = `
umask 022
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

/** What the operator's own settings of npm must not change: where files go, and that they go there. */
const LAYOUT = [
  ...["--install-strategy=hoisted", "--no-global-style", "--no-legacy-bundling", "--bin-links"],
  ...["--no-global", "--location=project", "--no-workspaces", "--package-lock"],
  ...["--no-package-lock-only", "--no-dry-run", "--no-offline", "--no-json", "--no-color"],
];

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
        ...LAYOUT,
        ...["--prefix", folder, "--umask=0022"],
        // npm's own pauses would keep somebody without a network waiting for a minute.
        ...["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000"],
        ...["--cache", `${folder}/.npm`],
      ],
      cwd: folder,
      clearEnv: true,
      env: host.envMatching(NPM_ENVIRONMENT),
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
    throw npmFailure(code, new TextDecoder().decode(stderr));
  };
}
