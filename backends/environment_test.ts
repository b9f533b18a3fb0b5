import assert from "node:assert/strict";
import { bottleEnvironment, exportScript } from "./environment.ts";

const plan = (env: Record<string, string>) => ({ slug: "demo", env });

Deno.test("bottleEnvironment() names the proxy in both cases and leaves loopback alone", () => {
  const environment = bottleEnvironment(plan({}));
  for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) {
    assert.equal(environment[name], "http://127.0.0.1:9099", name);
  }
  assert.equal(environment.NO_PROXY, "localhost,127.0.0.1,::1,git-gate,supervise");
  assert.equal(environment.no_proxy, environment.NO_PROXY);
});

Deno.test("bottleEnvironment() gives one trust root under every name that clients read", () => {
  const environment = bottleEnvironment(plan({}));
  const names = "SSL_CERT_FILE NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE " +
    "GIT_SSL_CAINFO PIP_CERT CARGO_HTTP_CAINFO AWS_CA_BUNDLE DENO_CERT CODEX_CA_CERTIFICATE";
  for (const name of names.split(" ")) {
    assert.equal(environment[name], "/etc/ssl/certs/ca-certificates.crt", name);
  }
});

Deno.test("bottleEnvironment() lets the manifest change defaults but not the way out", () => {
  const environment = bottleEnvironment(plan({
    LANG: "de_DE.UTF-8",
    EXTRA: "1",
    HTTPS_PROXY: "http://192.0.2.1:1",
    NO_PROXY: "*",
    SSL_CERT_FILE: "/workspace/mine.pem",
    HOME: "/root",
  }));
  assert.equal(environment.LANG, "de_DE.UTF-8");
  assert.equal(environment.EXTRA, "1");
  assert.equal(environment.HTTPS_PROXY, "http://127.0.0.1:9099");
  assert.equal(environment.NO_PROXY, "localhost,127.0.0.1,::1,git-gate,supervise");
  assert.equal(environment.SSL_CERT_FILE, "/etc/ssl/certs/ca-certificates.crt");
  assert.equal(environment.HOME, "/home/agent");
});

Deno.test("bottleEnvironment() joins NODE_OPTIONS, its own first", () => {
  const { NODE_OPTIONS } = bottleEnvironment(plan({ NODE_OPTIONS: "--max-old-space-size=4096" }));
  assert.equal(NODE_OPTIONS, "--require /opt/bot-bottle/node-proxy.cjs --max-old-space-size=4096");
});

Deno.test("bottleEnvironment() inherits nothing", () => {
  Deno.env.set("ONLY_ON_THE_HOST", "1");
  try {
    assert.equal("ONLY_ON_THE_HOST" in bottleEnvironment(plan({})), false);
  } finally {
    Deno.env.delete("ONLY_ON_THE_HOST");
  }
});

Deno.test("bottleEnvironment() refuses names that are no names, and a NUL", () => {
  const rows: [string, string][] = [
    ["A B", "1"],
    ["A;id", "1"],
    ["1A", "1"],
    ["", "1"],
    ["A-B", "1"],
    ["É", "1"],
    ["A\n", "1"],
    ["A", "x\0y"],
  ];
  for (const [name, value] of rows) {
    assert.throws(() => bottleEnvironment(plan({ [name]: value })), { code: "bad_environment" });
  }
});

Deno.test("exportScript() is read back by a shell as the same values", async () => {
  const environment = {
    PLAIN: "x",
    QUOTES: `it's "q" '' \\'`,
    LINES: "a\nb\n\nc\n",
    DOLLAR: "$(id) `id` ${HOME} $'x' !x",
    EMPTY: "",
    WIDE: "naïve 🍾",
  };
  for (const shell of ["/bin/sh", "/bin/bash"]) {
    const { stdout } = await new Deno.Command(shell, {
      args: ["-c", `${exportScript(environment)}exec env -0`],
      clearEnv: true,
    }).output();
    const found = Object.fromEntries(
      new TextDecoder().decode(stdout).split("\0").filter(Boolean)
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    for (const [name, value] of Object.entries(environment)) assert.equal(found[name], value);
  }
});
