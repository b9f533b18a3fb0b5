import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { callOverSocket, LIVE } from "./scene.ts";

const ROOT = join(import.meta.dirname!, "../..");

/** Serves with no network but one listening socket, and calls a tool. Gives the answer and every access on record. */
async function callIn(
  dir: string,
  routesYaml: string,
): Promise<{ answer: string; net: unknown[] }> {
  const state = join(dir, "state");
  const socket = join(dir, "mcp.sock");
  const audit = join(dir, "audit.jsonl");
  Deno.mkdirSync(join(state, "sidecar/config"), { recursive: true });
  Deno.writeTextFileSync(join(state, "sidecar/config/routes.yaml"), LIVE);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--v8-flags=--enable-experimental-regexp-engine",
      `--allow-read=${dir},${ROOT}`,
      `--allow-write=${dir}`,
      `--allow-net=unix:${socket}`,
      "--allow-env=LOG_TOKENS,LOG_STREAM", // the YAML parser looks for them
      join(ROOT, "tests/supervise/serve_child.ts"),
      state,
      socket,
    ],
    env: { DENO_AUDIT_PERMISSIONS: audit },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await lines.read()).value ?? "", /^ready/);
    lines.releaseLock();
    const answer = await callOverSocket(socket, "egress-allow", {
      routes_yaml: routesYaml,
      justification: "a test",
    });
    return { answer, net: netAccesses(Deno.readTextFileSync(audit)) };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await child.stdout.cancel().catch(() => {});
  }
}

function netAccesses(audit: string): unknown[] {
  const entries = audit.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(entries.some(({ permission }) => permission === "write"), "accesses are on record");
  return entries.filter(({ permission }) => permission === "net").map(({ value }) => value);
}

Deno.test("proposing and approving resolve no name and open no connection", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "supervise-" });
  try {
    const wanted = JSON.stringify({
      routes: [{ host: "exfiltrate.example.net" }, { host: "10.1.2.3", allow_private: true }],
    });
    const { answer, net } = await callIn(dir, wanted);
    assert.match(answer, /approved/);
    assert.match(answer, /in_effect\\?":true/);
    assert.match(
      Deno.readTextFileSync(join(dir, "state/sidecar/config/routes.yaml")),
      /exfiltrate\.example\.net/,
    );
    // Nothing but the socket that it listens on was asked for, granted or not.
    assert.ok(net.length > 0);
    for (const value of net) assert.equal(value, `unix:${join(dir, "mcp.sock")}`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
