import type { PinnedPackage } from "../../providers/versions.ts";

/**
 * `package.json` and `package-lock.json` for `npm ci`: exactly these packages, each by its hash, without what they
 * depend on. No `resolved`: the registry is whichever npm is configured for, and the hash decides what it may answer.
 */
export function packageFiles(packages: readonly PinnedPackage[]): Record<string, string> {
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  const root = { name: "toolchain", version: "1.0.0", dependencies };
  const lock = {
    name: root.name,
    version: root.version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": root,
      ...Object.fromEntries(
        packages.map(({ name, version, integrity }) => [
          `node_modules/${name}`,
          { version, integrity },
        ]),
      ),
    },
  };
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "package.json": text({ ...root, private: true }),
    "package-lock.json": text(lock),
  };
}

/** A script that runs a program of the toolchain from wherever the folder is seen; options stand as they are. */
export function programScript(words: readonly string[]): string {
  const parts = words.map((word) => word.startsWith("-") ? `'${word}'` : `"\${0%/*}/../${word}"`);
  return `#!/bin/sh\nexec ${parts.join(" ")} "$@"\n`;
}
