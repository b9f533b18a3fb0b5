import assert from "node:assert/strict";
import { providerOf, PROVIDERS } from "../../providers/registry.ts";
import { VERSIONS } from "../../providers/versions.ts";
import { differences, newestToolchain, type View } from "../../scripts/propose_versions.ts";

/** A registry that has version 9.0.0 of everything, and for a range several. */
const view: View = (spec, field) => {
  if (field === "version") {
    return Promise.resolve(/.@\d+$/.test(spec) ? ["22.1.0", "22.9.9"] : "9.0.0");
  }
  return Promise.resolve(`sha512-of-${spec}`);
};

Deno.test("newestToolchain() pins each package by version and hash, for both platforms", async () => {
  assert.deepEqual(await newestToolchain(providerOf("codex"), view), {
    version: "9.0.0",
    "linux-x64": [{
      name: "@openai/codex",
      version: "9.0.0-linux-x64",
      integrity: "sha512-of-@openai/codex@9.0.0-linux-x64",
    }],
    "linux-arm64": [{
      name: "@openai/codex",
      version: "9.0.0-linux-arm64",
      integrity: "sha512-of-@openai/codex@9.0.0-linux-arm64",
    }],
  });
  const { "linux-x64": [, node] } = await newestToolchain(providerOf("pi"), view);
  assert.equal(node?.version, "22.9.9");
});

Deno.test("newestToolchain() refuses a package without a hash", async () => {
  const none: View = (_, field) => Promise.resolve(field === "version" ? "1.0.0" : undefined);
  await assert.rejects(newestToolchain(providerOf("claude"), none), /no version of .* with a hash/);
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
      for (const { integrity } of pinned) assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  }
});
