import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Flag, Frame, Http2Client } from "../support/http2_client.ts";
import { plainAnswer } from "../support/recording_upstream.ts";
import { ALLOWED, ATTACKER, Scene } from "./egress_scene.ts";

/** A request that both versions of HTTP can say. */
interface Saying {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly fields: readonly (readonly [string, string])[];
  /** Undefined for a request that has none. */
  readonly body: string | undefined;
  /** Whether the length of the body is announced. */
  readonly announced: boolean;
}

/** What became of a request. */
interface Fate {
  readonly status: number | undefined;
  readonly verdict: unknown;
  readonly code: unknown;
  /** Head and body of what the upstream got. */
  readonly sent: readonly string[];
}

async function fateOf(
  scene: Scene,
  ask: () => Promise<number | undefined>,
): Promise<Fate> {
  const before = [scene.allowed.requests.length, scene.egress.events.length] as const;
  const status = await ask();
  const events = scene.egress.events.slice(before[1]);
  assert.equal(events.length, 1, "every request has one event");
  const { verdict, code } = events[0]!;
  const sent = scene.allowed.requests.slice(before[0]).map(({ head, body }) => head + body);
  return { status, verdict, code, sent };
}

async function overHttp1(scene: Scene, saying: Saying): Promise<number | undefined> {
  const { method, target, host, fields, body, announced } = saying;
  const framing = body === undefined
    ? []
    : announced
    ? [`content-length: ${body.length}`]
    : ["transfer-encoding: chunked"];
  const coded = body === undefined || announced
    ? body ?? ""
    : body === ""
    ? "0\r\n\r\n"
    : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    ...framing,
    "",
    coded,
  ];
  using client = await scene.tunnel();
  return (await client.ask(Buffer.from(lines.join("\r\n"), "latin1")))?.status;
}

async function overHttp2(scene: Scene, saying: Saying): Promise<number | undefined> {
  const { method, target, host, fields, body, announced } = saying;
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const all = [
    [":method", method],
    [":scheme", "https"],
    [":authority", host],
    [":path", target],
    ...fields.map(([name, value]) => [name.toLowerCase(), value] as const),
    ...(body !== undefined && announced ? [["content-length", String(body.length)] as const] : []),
  ] as const;
  await client.request(1, all, body === undefined);
  if (body !== undefined) await client.send(Frame.data, Flag.endStream, 1, Buffer.from(body));
  return (await client.outcome(1)).status;
}

async function assertSame(scene: Scene, saying: Saying): Promise<Fate> {
  const first = await fateOf(scene, () => overHttp1(scene, saying));
  const second = await fateOf(scene, () => overHttp2(scene, saying));
  assert.deepEqual(second, first, JSON.stringify(saying));
  return second;
}

const PLAIN: Saying = {
  method: "GET",
  target: "/",
  host: ALLOWED,
  fields: [],
  body: undefined,
  announced: true,
};

const CASES: [string, Partial<Saying>, string | undefined][] = [
  ["a plain request", {}, undefined],
  ["a body whose length is announced", { method: "POST", body: "body" }, undefined],
  ["a body whose length is not", { method: "POST", body: "body", announced: false }, undefined],
  ["an empty body", { method: "POST", body: "" }, undefined],
  ["a body of a GET", { body: "body" }, undefined],
  ["HEAD", { method: "HEAD" }, undefined],
  ["OPTIONS of the server", { method: "OPTIONS", target: "*" }, undefined],
  ["another host", { host: ATTACKER }, "authority_mismatch"],
  ["another port", { host: `${ALLOWED}:8443` }, "authority_mismatch"],
  ["a host with a user", { host: `user@${ALLOWED}` }, "malformed_request"],
  ["two hosts", { fields: [["host", ALLOWED]], host: `${ALLOWED}:443` }, "malformed_request"],
  ["CONNECT's cousin", { method: "TRACK" }, "method_not_allowed"],
  ["TRACE", { method: "TRACE" }, "method_refused"],
  ["a method in lower case", { method: "get" }, "method_refused"],
  ["a fragment", { target: "/#a" }, "path_not_canonical"],
  ["two slashes", { target: "//attacker.example.org/" }, "path_not_canonical"],
  ["an encoded slash", { target: "/a%2f..%2fb" }, "path_not_canonical"],
  ["an absolute URL", { target: `https://${ATTACKER}/` }, "malformed_request"],
  ["* of a GET", { target: "*" }, "malformed_request"],
  ["a byte above ASCII in the path", { target: "/\u00e9" }, "malformed_request"],
  ["a path of 33 KB", { target: `/${"a".repeat(33_000)}` }, "target_too_long"],
  ["an unknown expectation", { fields: [["expect", "nothing"]] }, "expectation_unknown"],
  [
    "an unknown expectation after a known one",
    { fields: [["expect", "100-continue"], ["expect", "x"]] },
    "expectation_unknown",
  ],
  [
    "an expectation",
    { method: "POST", body: "b", fields: [["expect", "100-Continue"]] },
    undefined,
  ],
  [
    "a length spelled as a variable",
    { method: "POST", body: "body", fields: [["content_length", "0"]] },
    "malformed_request",
  ],
  [
    "a coding spelled as a variable",
    { method: "POST", body: "body", fields: [["transfer.encoding", "chunked"]] },
    "malformed_request",
  ],
  ["a credential of its own", { fields: [["authorization", "Bearer own"]] }, undefined],
  ["a credential spelled as a variable", { fields: [["x_api_key", "own"]] }, undefined],
  ["a cookie", { fields: [["cookie", "a=1; b=2"]] }, undefined],
  ["fields of a connection", { fields: [["te", "trailers"], ["trailer", "x"]] }, undefined],
  ["a password for a proxy", { fields: [["proxy-authorization", "Basic eA"]] }, undefined],
  ["an empty value", { fields: [["x-empty", ""]] }, undefined],
  ["a value in latin-1", { fields: [["x-value", "caf\u00e9"]] }, undefined],
  ["a control character in a value", { fields: [["x-value", "a\x01"]] }, "malformed_request"],
  ["NUL in a value", { fields: [["x-value", "a\0"]] }, "malformed_request"],
  ["an empty name", { fields: [["", "a"]] }, "malformed_request"],
  ["a name with a blank", { fields: [["x ", "a"]] }, "malformed_request"],
  ["ranges without number", {
    fields: [["range", `bytes=${Array.from({ length: 40 }, (_, i) => `${i}-`).join(",")}`]],
  }, "malformed_request"],
  [
    "300 headers",
    { fields: Array.from({ length: 300 }, (_, i) => [`x-${i}`, "1"] as const) },
    "headers_too_large",
  ],
  [
    "255 headers",
    { fields: Array.from({ length: 255 }, (_, i) => [`x-${i}`, "1"] as const) },
    undefined,
  ],
];

Deno.test("HTTP/1.1 and HTTP/2 lead to the same decision and the same bytes", async (test) => {
  await using scene = await Scene.start({
    respond: ({ method }) =>
      method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" : plainAnswer("fine"),
  });
  for (const [what, part, code] of CASES) {
    await test.step(what, async () => {
      const fate = await assertSame(scene, { ...PLAIN, ...part });
      assert.equal(fate.code, code);
      assert.equal(fate.sent.length, code === undefined ? 1 : 0);
    });
  }
});

const name = fc.constantFrom(
  ...["accept", "authorization", "content-length", "content_length", "content-type", "cookie"],
  ...["expect", "forwarded", "host", "range", "te", "trailer", "transfer_encoding", "x-api-key"],
  ...["x_api_key", "x-forwarded-host", "x-http-method-override", "x-original-url", "x y", "\u00e9"],
);
const value = fc.oneof(
  fc.constantFrom("", "0", "4", "100-continue", "trailers", "gzip", "chunked", ALLOWED, "a\tb"),
  fc.string({
    // No line breaks: HTTP/1.1 reads another request there. No outer blanks: it takes them away.
    unit: fc.integer({ min: 1, max: 255 }).filter((code) => code !== 10 && code !== 13)
      .map((code) => String.fromCharCode(code)),
    maxLength: 12,
  }).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, "")),
);
const target = fc.oneof(
  fc.constantFrom("*", "/", "/a/../b", "/a?b=c", "a", ""),
  fc.array(
    fc.constantFrom(..."/.%;?#a\u00e9\\".split(""), "%2e", "%2F", "%00", "//", "/../", "@", ":"),
    { maxLength: 8 },
  ).map((parts) => `/${parts.join("")}`),
).filter((text) => text !== ""); // HTTP/1.1 has no words for it
const sayings: fc.Arbitrary<Saying> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "DELETE", "TRACE", "get", "B\u00e4R"),
  target,
  host: fc.constantFrom(
    ALLOWED,
    ALLOWED,
    ALLOWED,
    ALLOWED.toUpperCase(),
    `${ALLOWED}:443`,
    ATTACKER,
  ),
  fields: fc.array(fc.tuple(name, value), { maxLength: 3 }),
  body: fc.option(fc.constantFrom("", "body", "0\r\n\r\n"), { nil: undefined }),
  announced: fc.boolean(),
});

/** What the two versions cannot say alike: framing beside the framing, and more than one line of cookies. */
function isSayable({ fields, body, method }: Saying): boolean {
  const cookies = fields.filter(([name]) => name === "cookie").length;
  const lengths = fields.some(([name]) => name === "content-length");
  const te = fields.some(([name, value]) => name === "te" && value !== "trailers");
  return cookies < 2 && !te && !lengths && !(body !== undefined && method === "HEAD");
}

Deno.test("HTTP/1.1 and HTTP/2 lead to the same, whatever the request", async () => {
  await using scene = await Scene.start({
    respond: ({ method }) =>
      method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" : plainAnswer("fine"),
  });
  await fc.assert(
    fc.asyncProperty(sayings.filter(isSayable), async (saying) => {
      await assertSame(scene, saying);
    }),
    { numRuns: 120 },
  );
});
