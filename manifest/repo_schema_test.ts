import assert from "node:assert/strict";
import { partialRepoField, REPO_NAME, repoField, repoUrlProblem } from "./repo_schema.ts";

Deno.test("repoUrlProblem() accepts ssh and https upstreams", () => {
  for (
    const url of [
      "ssh://git@git.example.org/team/app.git",
      "ssh://git@git.example.org:2222/app",
      "https://git.example.org/team/app.git",
    ]
  ) assert.equal(repoUrlProblem(url), undefined, url);
});

Deno.test("repoUrlProblem() refuses other transports, credentials and option injection", () => {
  for (
    const url of [
      "git@git.example.org:team/app.git",
      "git://git.example.org/app",
      "http://git.example.org/app",
      "file:///srv/app.git",
      "ext::sh -c x",
      "https://user@git.example.org/app",
      "https://user:pass@git.example.org/app",
      "ssh://git:pass@git.example.org/app",
      "ssh://-oProxyCommand=x/app",
      "ssh://-oProxyCommand=x@git.example.org/app",
      "ssh://%2doProxyCommand@git.example.org/app",
      "https://git.example.org/app?x=1",
      "https://git.example.org",
      "ssh://git@git.example.org/a b",
    ]
  ) assert.notEqual(repoUrlProblem(url), undefined, url);
});

Deno.test("refs are patterns below refs/, never replace or notes", () => {
  const ref = (text: string) => partialRepoField.safeParse({ refs: [text] }).success;
  for (const text of ["refs/heads/*", "refs/heads/agent/*", "refs/tags/v1"]) {
    assert.ok(ref(text), text);
  }
  for (
    const text of [
      "heads/x",
      "*",
      "refs/replace/x",
      "refs/notes/x",
      "refs/heads/../x",
      "refs/heads/a b",
      "refs/heads/a\nb",
      "refs//x",
      "HEAD",
    ]
  ) assert.ok(!ref(text), text);
  assert.ok(!partialRepoField.safeParse({ refs: [] }).success);
});

Deno.test("a key names a provider and only what that provider needs", () => {
  const key = (value: unknown) => partialRepoField.safeParse({ key: value }).success;
  assert.ok(key({ provider: "static", path: "~/.ssh/app" }));
  assert.ok(key({ provider: "token", token_ref: "GIT_TOKEN" }));
  assert.ok(key({ provider: "github", token_ref: "GH", api: "https://git.example.org/api/v3" }));
  for (
    const value of [
      { provider: "static" },
      { provider: "static", path: "relative" },
      { provider: "static", path: "~/.ssh/app", token_ref: "X" },
      { provider: "token" },
      { provider: "gitea", token_ref: "not a name" },
      { provider: "gitlab", token_ref: "X", api: "http://git.example.org" },
      { provider: "bitbucket", token_ref: "X" },
    ]
  ) assert.ok(!key(value), JSON.stringify(value));
});

Deno.test("a whole repository pairs its key with its transport", () => {
  const ssh = "ssh://git@git.example.org/app.git";
  const https = "https://git.example.org/app.git";
  const host_key = "ssh-ed25519 AAAA";
  const file = { provider: "static", path: "/k" };
  const token = { provider: "token", token_ref: "T" };
  const whole = (value: unknown) => repoField.safeParse(value).success;
  assert.ok(whole({ url: ssh, host_key, key: file }));
  assert.ok(whole({ url: https, key: token }));
  assert.ok(whole({ url: https }));
  for (
    const value of [
      {},
      { key: token },
      { url: ssh, key: file },
      { url: ssh, host_key },
      { url: ssh, host_key, key: token },
      { url: https, key: file },
      { url: ssh, host_key: "not a key", key: file },
      { url: ssh, host_key: "ssh-ed25519 AAAA\nssh-rsa B", key: file },
    ]
  ) assert.ok(!whole(value), JSON.stringify(value));
});

Deno.test("a repository's name is one path segment", () => {
  for (const name of ["app", "App.2_x-y"]) assert.match(name, REPO_NAME);
  for (const name of ["", ".", "..", ".git", "a/b", "-a", "a b"]) {
    assert.doesNotMatch(name, REPO_NAME);
  }
});
