import { basename, join } from "node:path/posix";
import { printableLine } from "../core/printable.ts";
import type { Provider } from "../providers/provider.ts";
import { providerOf, PROVIDERS } from "../providers/registry.ts";
import { findBottles, namesIn } from "./bottle/find_bottles.ts";
import { removeTree } from "./bottle/remove_state.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { isWhole } from "./toolchain/contents.ts";
import { ensureToolchain } from "./toolchain/ensure.ts";
import {
  isInstalled,
  type Toolchain,
  toolchainsFolder,
  wantedToolchain,
} from "./toolchain/folder.ts";
import { refuseShared } from "./toolchain/shared_folder.ts";
import type { ToolchainListFlags } from "./toolchain_command.ts";
import { table } from "./ui/table.ts";

/** The pinned toolchains of the named providers, or of all. Throws BottleError `unknown_provider`. */
function wanted(host: Host, names: readonly string[]): Toolchain[] {
  const providers = names.length === 0 ? PROVIDERS : names.map((name) => providerOf(name));
  const home = bottleHome(host);
  return providers.map((provider) => wantedToolchain(home, provider))
    .filter((toolchain) => toolchain !== undefined);
}

/** Folders of other versions of a provider's toolchain. */
function otherVersions(host: Host, provider: Provider, current: string): string[] {
  const parent = toolchainsFolder(bottleHome(host));
  return namesIn(parent)
    .filter((name) => new RegExp(`^${provider.name}-\\d`).test(name))
    .map((name) => join(parent, name))
    .filter((folder) => folder !== current);
}

/** Who runs from a folder of a provider's toolchain; a bottle that does not say counts as one that does. */
function bottleRunningFrom(host: Host, provider: Provider, folder: string): string | undefined {
  return findBottles(bottleHome(host), host.uid).find(({ state, record }) => {
    if (state !== "running") return false;
    if (record === undefined) return true; // it starts
    return record.template === provider.name &&
      (record.toolchain ?? basename(folder)) === basename(folder);
  })?.slug;
}

/** `bot-bottle toolchain list`. */
// deno-lint-ignore require-await
export async function toolchainList(this: CliContext, flags: ToolchainListFlags): Promise<void> {
  const rows = wanted(this.host, []).map((toolchain) => ({
    provider: toolchain.provider.name,
    version: toolchain.version,
    platform: toolchain.platform,
    installed: isInstalled(toolchain),
    folder: toolchain.folder,
  }));
  if (flags.json) {
    this.process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  this.process.stdout.write(
    table(
      ["PROVIDER", "VERSION", "PLATFORM", "INSTALLED"],
      rows.map(({ provider, version, platform, installed }) => [
        provider,
        version,
        platform,
        installed ? "yes" : "no",
      ]),
    ),
  );
}

/** `bot-bottle toolchain install`. */
export async function toolchainInstall(
  this: CliContext,
  _flags: Record<never, never>,
  ...names: string[]
): Promise<void> {
  for (const toolchain of wanted(this.host, names)) {
    const { provider, version } = toolchain;
    refuseShared(bottleHome(this.host), toolchain, this.host.uid);
    if (await isWhole(toolchain)) this.host.log.info(`${provider.name} ${version} is installed`);
    else await ensureToolchain(this.host, provider);
  }
}

/** `bot-bottle toolchain update`. What a bottle runs from stays: it starts further programs from there. */
export async function toolchainUpdate(
  this: CliContext,
  _flags: Record<never, never>,
  ...names: string[]
): Promise<void> {
  for (const toolchain of wanted(this.host, names)) {
    const { provider, folder, version } = toolchain;
    const others = otherVersions(this.host, provider, folder);
    if (isInstalled(toolchain)) {
      await ensureToolchain(this.host, provider);
      this.host.log.info(`${provider.name} ${version} is installed`);
    } else if (others.length > 0 || names.length > 0) await ensureToolchain(this.host, provider);
    for (const other of others) {
      const slug = bottleRunningFrom(this.host, provider, other);
      if (slug !== undefined) {
        this.host.log.info(`kept ${other}: bottle ${slug} runs from it`);
        continue;
      }
      removeTree(other);
      this.host.log.info(`removed ${other}`);
    }
  }
}

/** `bot-bottle toolchain verify`. */
export async function toolchainVerify(
  this: CliContext,
  _flags: Record<never, never>,
  ...names: string[]
): Promise<void> {
  const { toolchainProblems } = await import("./toolchain/verify.ts");
  let bad = 0;
  for (const toolchain of wanted(this.host, names)) {
    const { provider, version } = toolchain;
    if (!isInstalled(toolchain)) {
      this.host.log.info(`${provider.name} ${version} is not installed`);
      continue;
    }
    refuseShared(bottleHome(this.host), toolchain, this.host.uid);
    const problems = await toolchainProblems(toolchain, this.host.uid);
    for (const problem of problems) {
      this.host.log.error(printableLine(`${toolchain.folder}: ${problem}`));
    }
    if (problems.length === 0) {
      this.host.log.info(`${provider.name} ${version} is as it was installed`);
    } else bad++;
  }
  if (bad > 0) {
    this.host.log.info("remove the folder, then run bot-bottle toolchain install");
    this.exitWith(1);
  }
}
