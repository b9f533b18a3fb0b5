import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { PLACEHOLDER } from "../../providers/provider.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { ResponsesApi, type ResponsesPlace } from "../fakes/model_api/responses_api.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const toolchains = await sharedToolchains("codex");

/** Codex runs JavaScript that calls its tools. */
const model = obedientModel({
  name: "exec",
  input: (cmd) => `text((await tools.exec_command(${JSON.stringify({ cmd })})).output);`,
});

/** A scene with Codex, whose API is a fake that does what it is told. */
function codexScene(provider: string, host: string, place?: ResponsesPlace) {
  const api = new ResponsesApi(model, place);
  const scene = new AgentScene(toolchains!, `{ template: codex, ${provider} }`, {
    [host]: api.serve,
  });
  return { api, scene };
}

/** A token of the kind that a login with ChatGPT leaves on the host; its end of validity is in seconds. */
function accessToken(expires: number): string {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const claim = { chatgpt_plan_type: "pro", chatgpt_account_id: "account-1" };
  const payload = { exp: expires, "https://api.openai.com/auth": claim };
  return [part({ alg: "RS256" }), part(payload), crypto.randomUUID()].join(".");
}

function logIn(scene: AgentScene, token: string): void {
  Deno.mkdirSync(join(scene.at.root, ".codex"));
  Deno.writeTextFileSync(
    join(scene.at.root, ".codex/auth.json"),
    JSON.stringify({
      OPENAI_API_KEY: null,
      tokens: { access_token: token, refresh_token: "refresh-1", account_id: "account-1" },
    }),
  );
}

const BACKEND: ResponsesPlace = {
  base: "/backend-api/codex",
  more: {
    "GET /backend-api/wham/accounts/check": {
      accounts: [{
        id: "account-1",
        workspace_backend_origin: "https://chatgpt.com",
        account_routing_override: "NO_CONSTRAINT",
      }],
    },
    "GET /backend-api/wham/settings/user": {},
    "GET /backend-api/wham/usage": {},
  },
};

if (toolchains !== undefined) {
  Deno.test("codex does a task by start --prompt, and resume goes on with the conversation", async () => {
    const { api, scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    const first = await scene.run(
      ...["start", "worker", "--yes", "--prompt", "create hello.txt and commit it"],
    );
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "Committed: Add hello.txt\n");
    assert.equal(scene.workspaceFile("hello.txt"), "hello\n");
    const second = await scene.run(
      ...["resume", scene.slug(), "--yes", "--prompt", "what did I ask first?"],
    );
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /^You asked first: create hello\.txt and commit it/);
    assert.deepEqual(api.seen.faults, []);

    const tokens = api.seen.requests.map(({ headers }) => headers["authorization"]);
    assert.deepEqual(new Set(tokens), new Set([`Bearer ${scene.secret}`]));
    assert.ok(!api.seen.text().includes(PLACEHOLDER), "the placeholder left the bottle");
    assert.deepEqual(scene.filesHolding(scene.secret), []);
    const bodies = api.seen.to("/v1/responses").map(({ body }) => body);
    assert.ok(bodies.every((body) => body.includes("You are the worker of this test.")));
    assert.ok(bodies.every((body) => !/"(?:type|name)":"web_search/.test(body)), "a search tool");
  });

  Deno.test("codex that opens a WebSocket after all is refused it, and goes on by POST", async () => {
    const { api, scene } = codexScene(
      "auth_token: MODEL_TOKEN, settings: { startup_args: [--config, model_providers.bottle.supports_websockets=true] }",
      "api.openai.com",
    );
    await using _ = scene;
    const { code, stdout, stderr } = await scene.run(
      ...["start", "worker", "--yes", "--prompt", "create hello.txt and commit it"],
    );
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "Committed: Add hello.txt\n");
    const { stdout: events } = await scene.run("logs", scene.slug(), "--json");
    assert.match(events, /"model_api_websocket"/);
    assert.deepEqual(api.seen.faults, []);
    assert.ok(api.seen.requests.every(({ method }) => method === "POST"));
  });

  Deno.test("codex goes on after errors of its API, and says what it cannot mend", async () => {
    const { api, scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    api.failures.push(500, 503);
    const mended = await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    assert.deepEqual([mended.code, mended.stdout], [0, "Hello from the fake: hello there\n"]);
    api.failures.push(400);
    const { code, stderr } = await scene.run("start", "worker", "--yes", "--prompt", "hello");
    assert.equal(code, 1);
    assert.match(stderr, /ERROR: .*as the test asked/);
    assert.deepEqual(api.seen.faults, []);
  });

  Deno.test("codex with the host's login has a dummy in the bottle, and the upstream sees the real one", async () => {
    const { api, scene } = codexScene("forward_host_credentials: true", "chatgpt.com", BACKEND);
    await using _ = scene;
    const token = accessToken(4_000_000_000);
    logIn(scene, token);
    for (const command of [["start", "worker"], ["resume"]]) {
      const target = command[0] === "resume" ? [scene.slug()] : [];
      const { code, stdout, stderr } = await scene.run(
        ...[...command, ...target, "--yes", "--prompt", "run: cat ~/.codex/auth.json"],
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /"auth_mode": "chatgpt"/);
      assert.ok(!stdout.includes(token) && !stdout.includes("refresh-1"));
    }
    assert.deepEqual(api.seen.faults, []);
    const calls = api.seen.to("/backend-api/codex/responses");
    assert.ok(calls.length >= 4);
    for (const { headers } of api.seen.requests) {
      assert.equal(headers["authorization"], `Bearer ${token}`);
    }
    assert.ok(calls.every(({ headers }) => headers["chatgpt-account-id"] === "account-1"));
    // With such a login codex would send zstd; the proxy wants to read what goes to a model.
    assert.ok(calls.every(({ headers }) => headers["content-encoding"] === undefined));
    assert.deepEqual(scene.filesHolding(token), []);
    assert.deepEqual(scene.filesHolding("refresh-1"), []);
  });

  Deno.test("codex does not start with a login of the host that is missing or has run out", async () => {
    const { scene } = codexScene("forward_host_credentials: true", "chatgpt.com", BACKEND);
    await using _ = scene;
    const start = () => scene.run("start", "worker", "--yes", "--prompt", "hello");
    const missing = await start();
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /codex is not logged in on this machine\n.*run codex login/);
    logIn(scene, accessToken(1_000_000_000));
    const old = await start();
    assert.equal(old.code, 3);
    assert.match(old.stderr, /the login of codex on this machine has run out/);
    assert.deepEqual(scene.at.names("state"), []);
  });

  Deno.test("codex's route keeps uploads back, until the manifest allows files, and foreign keys for ever", async () => {
    const foreign = ["sk", "foreign".repeat(8)].join("-");
    const line = "curl -s -o /dev/null -w 'status %{http_code}' https://api.openai.com/v1/files " +
      '-H "authorization: Bearer $FOREIGN" -F purpose=user_data -F file=@/etc/hosts';
    for (const [more, status] of [["", 403], [", settings: { allow: [files] }", 404]] as const) {
      const { api, scene } = codexScene(`auth_token: MODEL_TOKEN${more}`, "api.openai.com");
      await using _ = scene;
      const { code, stdout, stderr } = await scene.run(
        ...["start", "worker", "--yes", "--env", `FOREIGN=${foreign}`, "--prompt", `run: ${line}`],
      );
      assert.equal(code, 0, stderr);
      assert.ok(stdout.includes(`status ${status}`), stdout);
      const uploads = api.seen.to("/v1/files").map(({ headers }) => headers["authorization"]);
      assert.deepEqual(uploads, status === 403 ? [] : [`Bearer ${scene.secret}`]);
      assert.ok(!api.seen.text().includes(foreign));
    }
  });

  Deno.test("codex takes a prompt of a hyphen alone, and does not wait for stdin", async () => {
    const { api, scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    const { code, stdout, stderr } = await scene.run("start", "worker", "--yes", "--prompt", "-");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Hello from the fake: *-\n$/);
    assert.deepEqual(api.seen.faults, []);
  });

  Deno.test("codex goes on with the conversation on a terminal when it began with a prompt alone", async () => {
    const { scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    const first = await scene.run("start", "worker", "--yes", "--prompt", "run: echo said");
    assert.equal(first.code, 0, first.stderr);
    using screen = scene.screen("resume", scene.slug(), "--yes");
    await screen.shows(/› run: echo said[^]*It said: [^]*said[^]*› Ask Codex to do anything/);
    await screen.enter("/quit", /›\s\/quit[^]*›\s\/quit/);
    assert.equal(await screen.ended(), 0);
  });

  Deno.test("codex is resumed on a terminal when nothing was said before", async () => {
    const { scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    for (const words of [["start", "worker"], ["resume"]]) {
      const target = words[0] === "resume" ? [scene.slug()] : [];
      using screen = scene.screen(...words, ...target, "--yes");
      await screen.shows(/› Ask Codex to do anything/);
      await screen.enter("/quit", /›\s\/quit[^]*›\s\/quit/);
      assert.equal(await screen.ended(), 0);
    }
  });

  Deno.test("codex on a terminal: its prompt comes first, a message is answered, tools are listed, exit is clean", async () => {
    const { api, scene } = codexScene("auth_token: MODEL_TOKEN", "api.openai.com");
    await using _ = scene;
    using screen = scene.screen("start", "worker", "--yes", "--label", "Fix it");
    await screen.shows(/› Ask Codex to do anything/);
    assert.doesNotMatch(screen.text(), /sign in|do you trust|update available/i);
    // deno-lint-ignore no-control-regex
    const titles = [...screen.raw().matchAll(/\x1b\][02];([^\x07\x1b]*)/g)].map(([, text]) => text);
    assert.equal(titles.at(-1), "Fix it (worker)");
    await screen.enter("hello there", /›\shello there/);
    await screen.shows(/• Hello from the fake: hello there/);
    await screen.enter("/mcp", /›\s\/mcp[^]*›\s\/mcp/);
    await screen.shows(/supervise: connected \(5 tools\)/);
    await screen.enter("/quit", /›\s\/quit[^]*›\s\/quit/);
    assert.equal(await screen.ended(), 0);
    assert.match(screen.text(), /\d+ s, [1-9]\d* requests?\b[^]*fix-it is kept; bot-bottle resume/);
    assert.deepEqual(api.seen.faults, []);
    assert.equal(screen.modes().bracketedPasteMode, false);
  });
}
