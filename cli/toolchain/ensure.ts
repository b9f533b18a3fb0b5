import type { Provider } from "../../providers/provider.ts";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { exitCodeOfSignal, onSignals } from "../../sys/signals.ts";
import { isWhole, noteContents } from "./contents.ts";
import { isInstalled, type Toolchain, wantedToolchain } from "./folder.ts";

/**
 * The toolchain of a provider, installed now when it is not there or damaged; undefined for a provider without one.
 * Once there, no network is needed.
 *
 * @throws BottleError as {@linkcode installNow}.
 */
export async function ensureToolchain(
  host: Host,
  provider: Provider,
): Promise<Toolchain | undefined> {
  const toolchain = wantedToolchain(bottleHome(host), provider);
  if (toolchain !== undefined && !isWhole(toolchain)) await mend(host, toolchain);
  return toolchain;
}

/** Installs what is not there, or is not what was installed. */
async function mend(host: Host, toolchain: Toolchain): Promise<void> {
  if (isInstalled(toolchain)) {
    const { installedFiles, toolchainProblems } = await import("./verify.ts");
    const { folder, provider, version } = toolchain;
    const problems = await toolchainProblems(toolchain);
    if (problems.length === 0) {
      try {
        noteContents(folder, installedFiles(folder));
      } catch { /* somebody else's folder: it is looked at again */ }
      return;
    }
    const more = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
    host.log.warn(
      `${provider.name} ${version} is not what was installed: ${problems[0]}${more}`,
    );
  }
  await installNow(host, toolchain);
}

/**
 * Installs a toolchain with progress on stderr: a line that changes on a terminal, else one for each step.
 *
 * @throws BottleError `npm_missing`, `npm_failed`, `toolchain_incomplete`, `interrupted`.
 */
export async function installNow(host: Host, toolchain: Toolchain): Promise<void> {
  const { installToolchain } = await import("./install.ts");
  const { npmCi } = await import("./npm.ts");
  const { provider: { name }, version } = toolchain;
  const what = `${name} ${version}`;
  host.log.info(`installing ${what} (once) …`);
  const abort = new AbortController();
  const by: { signal?: Deno.Signal } = {};
  using _signals = onSignals(["SIGINT", "SIGTERM", "SIGHUP"], (signal) => {
    by.signal ??= signal;
    abort.abort();
  });
  const started = host.clock.now().getTime();
  try {
    await installToolchain(bottleHome(host), toolchain, {
      npm: npmCi(host),
      signal: abort.signal,
      onStep: (step) => {
        if (host.terminal.stderr) host.terminal.progress(`${what}: ${step}`);
        else host.log.info(`${what}: ${step}`);
      },
      onProgress: (bytes) => host.terminal.progress(`${what}: ${megabytes(bytes)} MB`),
    });
    abort.signal.throwIfAborted();
  } catch (error) {
    if (by.signal === undefined) throw error;
    throw new BottleError(`The installation of ${what} was interrupted`, {
      code: "interrupted",
      exit: exitCodeOfSignal(by.signal) as ExitCode,
      hint: "the next start begins it anew",
    });
  } finally {
    host.terminal.progress("");
  }
  const seconds = (host.clock.now().getTime() - started) / 1000;
  host.log.info(`installed ${what} in ${seconds.toFixed(0)} s`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
