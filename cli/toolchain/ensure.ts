import type { Provider } from "../../providers/provider.ts";
import { BottleError, ExitCode } from "../../core/errors.ts";
import { printableLine } from "../../core/printable.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { exitCodeOfSignal, onSignals } from "../../sys/signals.ts";
import { isWhole } from "./contents.ts";
import { isInstalled, type Toolchain, toolchainsFolder, wantedToolchain } from "./folder.ts";
import { refuseShared } from "./shared_folder.ts";

/**
 * Looks at a provider's toolchain while something else is done, for {@linkcode ensureToolchain}: whether it is there
 * and as it was noted. Never rejects.
 */
export async function beginLook(host: Host, provider: Provider): Promise<boolean> {
  try {
    const toolchain = wantedToolchain(bottleHome(host), provider);
    return toolchain !== undefined && await isWhole(toolchain);
  } catch {
    return false; // said when it is needed
  }
}

/**
 * The toolchain of a provider, installed now when it is not there or damaged; undefined for a provider without one.
 * Once there, no network is needed.
 *
 * @param look one that was begun before.
 * @throws BottleError `npm_missing`, `npm_failed`, `toolchain_incomplete`, `shared_folder`, `interrupted`.
 */
export async function ensureToolchain(
  host: Host,
  provider: Provider,
  look: Promise<boolean> = beginLook(host, provider),
): Promise<Toolchain | undefined> {
  const home = bottleHome(host);
  const toolchain = wantedToolchain(home, provider);
  if (toolchain === undefined) return undefined;
  refuseShared(home, toolchain, host.uid);
  if (!await look && !await isMended(host, home, toolchain)) {
    await installNow(host, toolchain);
  }
  return toolchain;
}

/** Whether a toolchain that looks otherwise than noted is what was installed all the same; its notes are renewed. */
async function isMended(host: Host, home: string, toolchain: Toolchain): Promise<boolean> {
  if (!isInstalled(toolchain)) return false;
  const { provider, version } = toolchain;
  using lock = await mendingLock(
    home,
    () => host.log.info("waiting for another bot-bottle that installs"),
  );
  if (await isWhole(toolchain)) return true; // by the one that was waited for
  const { toolchainProblems } = await import("./verify.ts");
  const problems = await toolchainProblems(toolchain, host.uid);
  if (problems.length > 0) {
    const more = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
    host.log.warn(
      `${provider.name} ${version} is not what was installed: ${
        printableLine(problems[0]!)
      }${more}`,
    );
    return false;
  }
  const { renewNotes } = await import("./finish_folder.ts");
  // Somebody else's folder is looked at again.
  if (lock !== null) await renewNotes(toolchain).catch(() => {});
  return true;
}

/** Keeps others from the folder of toolchains; null where this user may not write. */
async function mendingLock(home: string, onWait: () => void): Promise<Disposable | null> {
  const { installerLock } = await import("./installer_lock.ts");
  try {
    return await installerLock(toolchainsFolder(home), undefined, onWait);
  } catch {
    return null;
  }
}

/**
 * Installs a toolchain with progress on stderr: a line that changes on a terminal, else one for each step.
 *
 * @throws BottleError `npm_missing`, `npm_failed`, `toolchain_incomplete`, `shared_folder`, `interrupted`.
 */
async function installNow(host: Host, toolchain: Toolchain): Promise<void> {
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
      uid: host.uid,
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
