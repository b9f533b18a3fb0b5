import assert from "node:assert/strict";
import { mountSourceProblem } from "../manifest/mount_rule.ts";
import { PLACES } from "../manifest/test_fixture.ts";
import { PROVIDERS } from "../providers/registry.ts";
import {
  CREDENTIAL_NAMES,
  CREDENTIAL_PATHS,
  credentialPlace,
  holdsNpmCredential,
  projectCredentialPlace,
} from "./credential_places.ts";

Deno.test("credentialPlace() names the place that a path is, or is in, in any letter case", () => {
  assert.equal(credentialPlace("/home/me/.ssh"), ".ssh");
  assert.equal(credentialPlace("/srv/x/.PI/agent/auth.json"), ".pi");
  assert.equal(credentialPlace("/home/me/.config/gh/hosts.yml"), ".config/gh");
  for (const path of ["/home/me/.pip", "/home/me/x.ssh", "/home/me/.config", "/"]) {
    assert.equal(credentialPlace(path), undefined, path);
  }
});

Deno.test("a place of credentials cannot be mounted, whichever it is", () => {
  for (const place of [...CREDENTIAL_NAMES, ...CREDENTIAL_PATHS]) {
    assert.notEqual(mountSourceProblem(`~/${place}`, PLACES), undefined, place);
  }
});

for (const { name, ownFiles } of PROVIDERS) {
  Deno.test(`what ${name} logs in with reaches no bottle, by a mount or in a project`, () => {
    for (const login of ownFiles.logins) {
      assert.notEqual(credentialPlace(`/home/me/${login}`), undefined, login);
      assert.notEqual(projectCredentialPlace(`/srv/project/${login}`), undefined, login);
      for (const folder of ownFiles.folders) {
        if (login.startsWith(`${folder}/`)) {
          assert.notEqual(credentialPlace(`/home/me/${folder}`), undefined, folder);
        }
      }
    }
  });
}

Deno.test("projectCredentialPlace() leaves a project its configuration", () => {
  for (
    const path of [
      ".claude/settings.json",
      ".codex/config.toml",
      ".pi/extensions/x.ts",
      ".npmrc",
      ".docker/Dockerfile",
      ".bot-bottle/agents/dev.md",
      ".config/git/config",
      ".env",
      "src/ssh.ts",
    ]
  ) assert.equal(projectCredentialPlace(`/srv/project/${path}`), undefined, path);
  for (const path of [".ssh/id", "a/.netrc", ".docker/config.json", ".config/gh/hosts.yml"]) {
    assert.notEqual(projectCredentialPlace(`/srv/project/${path}`), undefined, path);
  }
});

Deno.test("holdsNpmCredential() tells a value from the name of a variable", () => {
  const host = "//registry.example.com/";
  for (
    const text of [
      `${host}:_authToken=abc`,
      `a=b\n  ${host}:_password = "abc"\n`,
      "_auth=abc",
      `${host}:_authToken=x\${TOKEN}`,
    ]
  ) assert.equal(holdsNpmCredential(text), true, text);
  for (
    const text of [
      "",
      "registry=https://registry.example.com/",
      `${host}:_authToken=\${NPM_TOKEN}`,
      `${host}:_authToken="\${NPM_TOKEN}"`,
      `; ${host}:_authToken=abc`,
      "_auth=",
    ]
  ) assert.equal(holdsNpmCredential(text), false, text);
});

Deno.test("the launcher keeps every place of credentials from the host program, but what it reads", async () => {
  const launcher = await Deno.readTextFile(new URL("../bot-bottle", import.meta.url));
  const [, listed] = /^for name in (\.ssh (?:.|\\\n)*?); do$/m.exec(launcher) ?? [];
  const denied = new Set(listed?.replaceAll("\\\n", " ").split(/\s+/));
  // bot-bottle's own, the skills beside Claude Code's login, and the login of Codex.
  const read = [".bot-bottle", ".claude", ".codex"];
  const wanted = [...CREDENTIAL_NAMES, ...CREDENTIAL_PATHS].filter((name) => !read.includes(name));
  assert.deepEqual([...denied].sort(), [...wanted, ".claude/.credentials.json"].sort());
});
