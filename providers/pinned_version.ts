import type { Platform } from "./provider.ts";
import type { PinnedPackage, PinnedToolchain } from "./versions.ts";

/** A version as https://semver.org (2.0.0) has it, without build metadata; it becomes part of a folder's name. */
const VERSION =
  /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-[0-9A-Za-z-]{1,40}(?:\.[0-9A-Za-z-]{1,40}){0,5})?$/;

/** A SHA-512 as W3C Subresource Integrity writes it: 64 bytes in base64. */
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** A package's name at npm, with or without a scope. */
const NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** What is wrong with a text that is to be a version; undefined when it is one. */
export function versionProblem(version: unknown): string | undefined {
  return typeof version === "string" && VERSION.test(version)
    ? undefined
    : `${quoted(version)} is no version`;
}

/** What is wrong with one package; undefined when nothing is. */
export function packageProblem({ name, version, integrity }: PinnedPackage): string | undefined {
  if (!NAME.test(name)) return `${quoted(name)} is no name of a package`;
  const problem = versionProblem(version);
  if (problem !== undefined) return `${name}: ${problem}`;
  if (typeof integrity === "string" && INTEGRITY.test(integrity)) return undefined;
  return `${name} ${version}: ${quoted(integrity)} is no SHA-512`;
}

/** What is wrong with what a provider is pinned to; undefined when nothing is. */
export function toolchainProblem(pinned: PinnedToolchain): string | undefined {
  const platforms: readonly Platform[] = ["linux-x64", "linux-arm64"];
  const packages = platforms.flatMap((platform) => pinned[platform]);
  if (packages.length === 0) return "no package is pinned";
  return versionProblem(pinned.version) ??
    packages.map(packageProblem).find((problem) => problem !== undefined);
}

/** A text of a registry for one line: JSON, in printable ASCII, cut. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.slice(0, 100).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
