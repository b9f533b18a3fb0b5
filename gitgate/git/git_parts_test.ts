import assert from "node:assert/strict";
import { parseRepo } from "../repo_config.ts";
import { parsePorcelain } from "./forward.ts";
import { gitEnvironment } from "./git_environment.ts";
import { packIds } from "./pack_index.ts";
import { mirrorRefspecs } from "./refspecs.ts";
import { knownHostsLine, upstreamAccess, upstreamProblem } from "./upstream.ts";

const parts = {
  ssh: "/usr/bin/ssh",
  knownHosts: "/gate/k h",
  token: undefined,
  trustFile: undefined,
  proxy: undefined,
};

Deno.test("parsePorcelain() reads an answer for every ref, and the upstream's own lines", () => {
  const stdout = [
    "To ssh://git@git.example.com/app.git",
    "*\taaaa:refs/heads/new\t[new branch]",
    " \tbbbb:refs/heads/main\t1111..2222",
    "=\tcccc:refs/heads/same\t[up to date]",
    "-\t:refs/heads/old\t[deleted]",
    "!\tdddd:refs/heads/hook\t[remote rejected] (pre-receive hook declined)",
    "!\teeee:refs/heads/late\t[rejected] (stale info)",
    "Done",
  ].join("\n");
  const { results, messages } = parsePorcelain(stdout, "remote: Use the form   \nnoise\nremote:\n");
  assert.deepEqual(Object.fromEntries(results), {
    "refs/heads/new": "ok",
    "refs/heads/main": "ok",
    "refs/heads/same": "ok",
    "refs/heads/old": "ok",
    "refs/heads/hook": { refused: "the upstream refuses it: pre-receive hook declined" },
    "refs/heads/late": { refused: "the upstream has moved; fetch first, then push again" },
  });
  assert.deepEqual(messages, ["Use the form"]);
});

Deno.test("gitEnvironment() inherits nothing and lets no transport through by itself", () => {
  const env = gitEnvironment("/home", [["http.x.extraHeader", "A: b"]]);
  assert.equal(env.GIT_ALLOW_PROTOCOL, "none");
  assert.equal(env.GIT_CONFIG_NOSYSTEM, "1");
  const last = Number(env.GIT_CONFIG_COUNT) - 1;
  assert.equal(env[`GIT_CONFIG_KEY_${last}`], "http.x.extraHeader");
  assert.equal(env[`GIT_CONFIG_VALUE_${last}`], "A: b");
  assert.equal("SSH_AUTH_SOCK" in env, false);
});

Deno.test("upstreamAccess() pins the host key and offers one identity over ssh", () => {
  const repo = parseRepo({
    name: "app",
    url: "ssh://git@git.example.com:2222/app.git",
    host_key: "ssh-ed25519 AAAA comment",
    identity_file: "/gate/it's a key",
  });
  const { env, settings } = upstreamAccess(repo, parts);
  const command = env.GIT_SSH_COMMAND!;
  for (
    const option of [
      "StrictHostKeyChecking=yes",
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      "BatchMode=yes",
      "GlobalKnownHostsFile=/dev/null",
      "HostKeyAlias=git-gate-app",
    ]
  ) {
    assert.ok(command.includes(option), option);
  }
  assert.ok(command.startsWith("/usr/bin/ssh -F /dev/null -i '/gate/it'\\''s a key' "), command);
  assert.ok(command.includes(`'UserKnownHostsFile="/gate/k h"'`), command);
  assert.equal(env.GIT_ALLOW_PROTOCOL, "ssh");
  assert.deepEqual(settings, []);
  assert.equal(knownHostsLine(repo), "git-gate-app ssh-ed25519 AAAA\n");
});

Deno.test("upstreamAccess() sends a token to the upstream's own origin only, and not in an argument", () => {
  const repo = parseRepo({
    name: "app",
    url: "https://git.example.com:8443/team/app.git",
    token_ref: "T",
  });
  const { env, settings } = upstreamAccess(repo, { ...parts, token: "abc" });
  assert.equal(env.GIT_ALLOW_PROTOCOL, "https");
  assert.deepEqual(
    settings.find(([key]) => key.endsWith("extraHeader")),
    [
      "http.https://git.example.com:8443/.extraHeader",
      `Authorization: Basic ${btoa("x-access-token:abc")}`,
    ],
  );
  const pair = upstreamAccess(repo, { ...parts, token: "user:abc" }).settings;
  assert.ok(pair.some(([, value]) => value === `Authorization: Basic ${btoa("user:abc")}`));
});

Deno.test("upstreamProblem() says what the operator can do", () => {
  assert.match(upstreamProblem("Host key verification failed.\nfatal: Could not read"), /pinned/);
  assert.match(upstreamProblem("git@h: Permission denied (publickey)."), /credential/);
  assert.match(upstreamProblem("ssh: connect to host h port 22: Connection refused"), /reached/);
  assert.match(upstreamProblem("something new"), /connection to it failed/);
});

Deno.test("mirrorRefspecs() adds the places that may be pushed to", () => {
  assert.deepEqual(mirrorRefspecs(["refs/heads/agent/*", "refs/for/main", "refs/changes/*"]), [
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+refs/for/*:refs/for/*",
    "+refs/changes/*:refs/changes/*",
  ]);
  assert.deepEqual(mirrorRefspecs(["refs/*", "*"]).length, 2);
});

Deno.test("packIds() refuses an index that is not one", () => {
  assert.throws(() => [...packIds(new Uint8Array(2000))], /version 2/);
});

Deno.test("upstreamAccess() goes to a fixed address under the upstream's own name", () => {
  const https = parseRepo({ name: "app", url: "https://git.example.com:8443/app.git" });
  const { settings } = upstreamAccess(https, { ...parts, address: "10.0.0.5" });
  assert.deepEqual(
    settings.filter(([key]) => key === "http.curloptResolve"),
    [["http.curloptResolve", "git.example.com:8443:10.0.0.5"]],
  );
  const ssh = parseRepo({ name: "app", url: "ssh://git@git.example.com/app.git" });
  const command = upstreamAccess(ssh, { ...parts, address: "10.0.0.5" }).env.GIT_SSH_COMMAND!;
  assert.match(command, /-o HostName=10\.0\.0\.5/);
});
