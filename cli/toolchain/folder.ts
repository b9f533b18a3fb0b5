import { join } from "node:path/posix";
import type { Platform, Provider } from "../../providers/provider.ts";
import { BottleError, ExitCode } from "../../core/errors.ts";
import { platformOf } from "../../providers/platform.ts";
import { type PinnedPackage, type PinnedToolchain, VERSIONS } from "../../providers/versions.ts";

/** A toolchain that is wanted: one agent CLI in one version for one platform. */
export interface Toolchain {
  readonly provider: Provider;
  readonly version: string;
  readonly platform: Platform;
  readonly packages: readonly PinnedPackage[];
  /** Where it is, or is going to be; absolute. */
  readonly folder: string;
}

/** Written last into a toolchain's folder: what `sha256sum -c` reads. */
export const CHECKSUMS = "SHA256SUMS";

/** How the folder's entries look, for a glance at each start. */
export const CONTENTS = "CONTENTS";

/** Folder of every toolchain. */
export function toolchainsFolder(home: string): string {
  return join(home, "toolchains");
}

/**
 * The toolchain that a provider is pinned to; undefined for one that has none.
 *
 * The folder's name holds the packages' hashes too: another archive under the same version is another folder.
 *
 * @throws BottleError `not_pinned` when no version is pinned.
 */
export function wantedToolchain(
  home: string,
  provider: Provider,
  versions: Readonly<Record<string, PinnedToolchain>> = VERSIONS,
  arch: string = Deno.build.arch,
): Toolchain | undefined {
  if (provider.programs === undefined) return undefined;
  const platform = platformOf(arch);
  const pinned = Object.hasOwn(versions, provider.name) ? versions[provider.name] : undefined;
  const packages = pinned?.[platform] ?? [];
  if (pinned === undefined || packages.length === 0) {
    throw new BottleError(`Cannot start ${provider.name}: no version of it is pinned`, {
      code: "not_pinned",
      exit: ExitCode.cannotStart,
      hint: `run scripts/propose-versions --write ${provider.name}`,
    });
  }
  const name = `${provider.name}-${pinned.version}-${platform}-${shortHash(packages)}`;
  return {
    provider,
    version: pinned.version,
    platform,
    packages,
    folder: join(toolchainsFolder(home), name),
  };
}

/** Whether it was installed: folders come into place by a rename, so one with its checksums was whole then. */
export function isInstalled({ folder }: Pick<Toolchain, "folder">): boolean {
  try {
    return Deno.statSync(join(folder, CHECKSUMS)).isFile;
  } catch {
    return false;
  }
}

/** Eight letters and digits of the packages' hashes. */
function shortHash(packages: readonly PinnedPackage[]): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const { name, version, integrity } of packages) {
    for (const character of `${name}@${version} ${integrity}\n`) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
