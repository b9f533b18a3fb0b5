import assert from "node:assert/strict";
import { bottleFileSchema } from "./bottle_schema.ts";
import { loadBottle } from "./test_fixture.ts";

function accepts(value: unknown): boolean {
  return bottleFileSchema.safeParse(value).success;
}

Deno.test("every key of a bottle is accepted", async () => {
  const { bottle } = await loadBottle(`
agent_provider:
  template: codex
  dockerfile: ./Dockerfile
  auth_token: CODEX_KEY
  forward_host_credentials: true
  settings: {startup_args: [--model, best]}
env: {PLAIN: value, COPIED: "\${HOST_VAR}", ASKED: "?Deploy password"}
git-gate:
  user: {name: Someone, email: someone@example.org}
  repos:
    app:
      url: ssh://git@git.example.org:22/team/app.git
      host_key: "ssh-ed25519 AAAAC3Nza"
      key: {provider: gitea, token_ref: GITEA, api: https://git.example.org/api/v1}
      refs: ["refs/heads/agent/*"]
egress:
  log: 0
  upstream_ca: ~/corp.pem
  upstream_proxy: http://proxy.corp.example:3128
  hosts: {git.corp.example: 10.0.0.5, v6.corp.example: "fd00::1"}
  routes:
    - host: "*.example.com"
      ports: [443, 8443]
      insecure_http: false
      allow_private: true
      auth: {scheme: "header:x-api-key", token_ref: API_KEY}
      matches:
        - paths: [{type: regex, value: "/v[0-9]+/.*"}, {value: /public}]
          methods: [GET, POST]
          headers: [{name: accept, value: application/json}]
      git: {fetch: true}
      dlp:
        outbound_detectors: [token_patterns, known_secrets, entropy, financial]
        inbound_detectors: false
        outbound_on_match: redact
        inbound_on_match: block
        max_body: 32m
budget: {claude: 500000}
shutdown: freeze
supervise: false
resources: {memory: 4g, cpus: 1.5, pids: 512, disk: 10g}
mounts: [{from: /srv/models, to: /mnt/models}]
`);
  assert.equal(bottle.egress.log, 0);
  assert.deepEqual(bottle.resources, { memory: "4g", cpus: 1.5, pids: 512, disk: "10g" });
  assert.deepEqual(bottle.egress.routes[0]?.matches?.[0]?.paths?.[1], {
    type: "prefix",
    value: "/public",
  });
});

Deno.test("egress.upstream_proxy is http://host:port and nothing more", () => {
  const proxy = (url: string) => accepts({ egress: { upstream_proxy: url } });
  assert.ok(proxy("http://proxy.example.com:3128"));
  assert.ok(proxy("http://proxy.example.com:3128/"));
  for (
    const url of [
      "proxy.example.com:3128",
      "https://proxy.example.com",
      "socks5://proxy.example.com",
      "http://user:pass@proxy.example.com",
      "http://user@proxy.example.com",
      "http://proxy.example.com/path",
      "http://proxy.example.com?x",
      "http://",
      "http:///x",
      "http://proxy.example.com\n",
    ]
  ) assert.ok(!proxy(url), url);
});

Deno.test("egress.hosts maps host names in normal form to addresses", () => {
  const hosts = (name: string, address: string) =>
    accepts({ egress: { hosts: { [name]: address } } });
  assert.ok(hosts("git.corp.example", "10.0.0.5"));
  assert.ok(hosts("git.corp.example", "fd00::1"));
  for (
    const [name, address] of [
      ["Git.corp.example", "10.0.0.5"],
      ["git.corp.example.", "10.0.0.5"],
      ["*.corp.example", "10.0.0.5"],
      ["10.0.0.1", "10.0.0.5"],
      ["git.corp.example", "other.example"],
      ["git.corp.example", "10.5"],
      ["git.corp.example", "10.0.0.5:80"],
    ] as const
  ) assert.ok(!hosts(name, address), `${name} ${address}`);
});

Deno.test("resources are positive amounts", () => {
  for (
    const value of [{ memory: "4gb" }, { memory: 0 }, { cpus: 0 }, { cpus: -1 }, { pids: 1.5 }, {
      disk: "-1g",
    }]
  ) {
    assert.ok(!accepts({ resources: value }), JSON.stringify(value));
  }
  assert.ok(accepts({ resources: { memory: 65536, cpus: 0.5, pids: 1, disk: "512m" } }));
});

Deno.test("budgets are whole token counts by provider name", () => {
  assert.ok(accepts({ budget: { claude: 0, "my-host": 5 } }));
  for (const budget of [{ claude: -1 }, { claude: 1.5 }, { claude: "5" }, { Claude: 1 }, 5]) {
    assert.ok(!accepts({ budget }), JSON.stringify(budget));
  }
});

Deno.test("git-gate.user holds one line each, without angle brackets", () => {
  const user = (value: unknown) => accepts({ "git-gate": { user: value } });
  assert.ok(user({ name: "Someone", email: "" }));
  for (
    const value of [
      { name: "a\nb" },
      { name: "a\0" },
      { name: "a <b>" },
      { email: "a b@example.org" },
      { email: "a@example.org\r" },
      { nam: "x" },
    ]
  ) assert.ok(!user(value), JSON.stringify(value));
});

Deno.test("env names are variable names", () => {
  for (const name of ["A-B", "1A", "", "A=B", "A B"]) {
    assert.ok(!accepts({ env: { [name]: "x" } }), name);
  }
  assert.ok(accepts({ env: { _a1: "" } }));
});
