import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { redactedContext } from "../../dlp/context.ts";
import { type RedactableHeader, redactRequest } from "../../dlp/redact/redact_request.ts";
import { buildScanner } from "../../dlp/scanner.ts";
import { corpus, type EvasionRow, sampleTest, type TokenRow } from "./corpora.ts";

const SECRET = ["zk", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("_");
const OTHER = ["qz", "live", "4Bn8Wc2VtM6hYk1P", "sF5gJr9D"].join("-");
const scanner = buildScanner({
  secrets: [{ name: "TOKEN", value: SECRET }, { name: "OTHER", value: OTHER }],
});
const MARK = "[redacted:TOKEN]";
const MARK_IN_URL = "%5Bredacted%3ATOKEN%5D";

interface Parts {
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly RedactableHeader[];
  readonly body?: string | Uint8Array;
}

function redact({ path = "/v1", query = "", headers = [], body = "" }: Parts) {
  return redactRequest({ path, query, headers, body: Buffer.from(body) }, scanner);
}

/** The rewritten request with its body as text; fails when it was refused. */
function rewritten(parts: Parts) {
  const result = redact(parts);
  if ("refused" in result) throw new Error(`was refused: ${result.refused}`);
  return { ...result, body: Buffer.from(result.body).toString("utf8") };
}

function refusal(parts: Parts): string {
  const result = redact(parts);
  if (!("refused" in result)) throw new Error(`was rewritten: ${Buffer.from(result.body)}`);
  ok(!result.refused.includes(SECRET.slice(3, 15)));
  return result.refused;
}

const type = (value: string) => [{ name: "content-type", value }];
const b64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");
const each = (text: string, write: (code: number) => string) =>
  [...text].map((character) => write(character.charCodeAt(0))).join("");
const hex = (code: number) => code.toString(16).padStart(4, "0");

// Bodies in which "@" stands for the value: before and after are the same text but for it.
const SAME_BUT_FOR_IT: readonly [name: string, body: string, headers?: RedactableHeader[]][] = [
  ["a string of JSON", `{"a" : "x @ y",\n\t"n":1.50, "m": 1E+02,"z":-0.0}`],
  ["a repeated name", `{"a":"@","a":"@","b":[ ],"":{}}`],
  ["escapes around it", `{"a":"\\u00e9\\n\\"@\\"\\/\\ud83d\\ude00"}`],
  ["lone surrogates around it", `{"a":"\\ud800@\\udc00","\\udfff":1}`],
  ["a JSON text with a byte order mark", `\ufeff{"a":"@"}`],
  ["a JSON text inside a JSON text", JSON.stringify({ arguments: `{"a":"@","b":[1,"@"]}` })],
  ["one three texts deep", JSON.stringify({ a: JSON.stringify({ b: JSON.stringify(["@"]) }) })],
  ["a name of JSON", `{"@":1}`],
  ["several JSON texts", `{"a":"@"}\n{"a":"x"}\n\n{"a":"y @"}\n`],
  ["an event stream", `event: a\ndata: {"a":"@"}\n\ndata:plain @\nid: 1\n\n`],
  ["plain text", "curl -H 'authorization: bearer @' \u00e9\r\n"],
  ["XML", `<a b="@"><![CDATA[@]]></a>`],
  [
    "parts of a form",
    `--B\r\nContent-Disposition: form-data; name="f"; filename="@"\r\n\r\nx @\r\n--B\r\n` +
    `Content-Type: application/json\r\n\r\n{"a": "@"}\r\n--B\r\n\r\nbare @\r\n--B--\r\n`,
    type('multipart/form-data; boundary="B"'),
  ],
];

for (const [name, body, headers = []] of SAME_BUT_FOR_IT) {
  Deno.test(`redactRequest() replaces the value and nothing else in ${name}`, () => {
    const result = rewritten({ body: body.replaceAll("@", SECRET), headers });
    equal(result.body, body.replaceAll("@", MARK));
    equal(result.count, body.split("@").length - 1);
    // What was rewritten once is left alone, and what is clean too.
    for (const clean of [result.body, body]) {
      const again = rewritten({ body: clean, headers });
      equal(again.body, clean);
      equal(again.count, 0);
    }
  });
}

const WRITTEN: Readonly<Record<string, string>> = {
  "in \\u escapes": each(SECRET, (code) => `\\u${hex(code)}`),
  "in \\u escapes in part": each(SECRET.slice(0, 9), (code) => `\\u${hex(code)}`) + SECRET.slice(9),
  "in \\u escapes of \\u escapes": each(SECRET, (code) => `\\\\u${hex(code)}`),
  "in Base64": b64(`lead ${SECRET} trail`),
  "in Base64 at another alignment": b64(`x${SECRET}yz`),
  "in Base64 of Base64": b64(b64(`k=${SECRET}`)),
  "in Base64 of gzip": b64(gzipSync(SECRET)),
  "in hex": Buffer.from(SECRET).toString("hex"),
  "in percent escapes": each(SECRET, (code) => `%${hex(code).slice(2)}`),
  "in HTML escapes": each(SECRET, (code) => `&#${code};`),
  "in full-width letters": each(SECRET, (code) => String.fromCharCode(code + 0xfee0)),
  "with separators": [...SECRET].join(" . "),
  "reversed": [...SECRET].reverse().join(""),
};

for (const [name, value] of Object.entries(WRITTEN)) {
  Deno.test(`redactRequest() replaces a value ${name} as a whole`, () => {
    const { body } = rewritten({ body: `{"a":"say ${value} now","b":2}` });
    equal(body, `{"a":"say ${MARK} now","b":2}`);
  });
}

Deno.test("redactRequest() replaces a value with a slash that JSON writes as an escape", () => {
  const value = ["pw", "9x/Kq7/Vt2m", "Zr4/Hd8s"].join("/");
  const known = buildScanner({ secrets: [{ name: "PASSWORD", value }] });
  const body = Buffer.from(`{"a":"${value}","b":"${value.replaceAll("/", "\\/")}"}`);
  const result = redactRequest({ path: "/", query: "", headers: [], body }, known);
  equal(
    "body" in result && Buffer.from(result.body).toString(),
    `{"a":"[redacted:PASSWORD]","b":"[redacted:PASSWORD]"}`,
  );
});

Deno.test("redactRequest() takes every part of a value that is split over fields", () => {
  const [a, b, c] = [SECRET.slice(0, 9), SECRET.slice(9, 17), SECRET.slice(17)];
  deepEqual(JSON.parse(rewritten({ body: JSON.stringify({ a, b, n: 7, c, d: "kept" }) }).body), {
    a: MARK,
    b: MARK,
    n: 7,
    c: MARK,
    d: "kept",
  });
  const { query } = rewritten({ query: `?a=${a}&zzz=${b}&b=${c}&d=kept` });
  equal(query, `?a=${MARK_IN_URL}&zzz=${MARK_IN_URL}&b=${MARK_IN_URL}&d=kept`);
  const { headers } = rewritten({ headers: [{ name: "cookie", value: `s=${a}; t=${b}${c}` }] });
  equal(headers[0]?.value, `s=${MARK}; t=${MARK}`);
});

Deno.test("redactRequest() keeps the names of an object different", () => {
  const { body } = rewritten({ body: `{"${SECRET}":1,"x":{"${SECRET}":2}, "a${SECRET}":3}` });
  equal(Object.keys(JSON.parse(body)).length, 3);
  ok(!body.includes(SECRET.slice(3, 12)));
});

Deno.test("redactRequest() rewrites path, query and headers in the spelling of each", () => {
  const kept = { name: "accept", value: "text/html", raw: "Accept" };
  const result = rewritten({
    path: `/repos/${SECRET}/a%20b`,
    query: `?q=x+${encodeURIComponent(SECRET)}&b=1%2B2`,
    headers: [
      kept,
      { name: "authorization", value: `Basic ${b64(`me:${SECRET}`)}`, raw: "Authorization" },
    ],
  });
  equal(result.path, `/repos/${MARK_IN_URL}/a%20b`);
  equal(result.query, `?q=x+${MARK_IN_URL}&b=1%2B2`);
  equal(result.headers[0], kept);
  deepEqual(result.headers[1], {
    name: "authorization",
    value: `Basic ${MARK}`,
    raw: "Authorization",
  });
});

Deno.test("redactRequest() keeps a form a form", () => {
  const { body } = rewritten({
    body: `a=1&b=${encodeURIComponent(`x ${SECRET}`)}+%26&c=+`,
    headers: type("application/x-www-form-urlencoded"),
  });
  deepEqual([...new URLSearchParams(body)], [["a", "1"], ["b", `x ${MARK} &`], ["c", " "]]);
});

Deno.test("redactRequest() sends a coded body without its coding, and an unchanged one as it was", () => {
  const headers = [{ name: "Content-Encoding", value: "gzip" }, { name: "x-a", value: "1" }];
  const result = rewritten({ body: gzipSync(`{"a":"${SECRET}"}`), headers });
  equal(result.body, `{"a":"${MARK}"}`);
  deepEqual(result.headers, headers.slice(1));
  const packed = gzipSync(`{"a":"b"}`);
  const clean = redact({ body: packed, headers });
  ok("body" in clean && Buffer.from(clean.body).equals(packed));
  deepEqual(clean.headers, headers);
  // Something behind the coded data: what a reader makes of it is not known.
  const trailed = redact({
    body: Buffer.concat([deflateSync(`{"a":"b"}`), Buffer.from(SECRET)]),
    headers: [{ name: "content-encoding", value: "deflate" }],
  });
  ok("refused" in trailed);
});

Deno.test("redactRequest() keeps bytes that are not UTF-8", () => {
  const body = Buffer.concat([
    Buffer.from('{"a":"\xff\xc3', "latin1"),
    Buffer.from(`${SECRET}\xe2","b":"\x80"}`, "latin1"),
  ]);
  const result = redact({ body });
  ok("body" in result);
  equal(
    Buffer.from(result.body).toString("latin1"),
    body.toString("latin1").replace(SECRET, MARK),
  );
});

const png = b64(Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from(` ${SECRET} `.repeat(8)),
]));
const said = (block: unknown) => JSON.stringify({ messages: [{ role: "user", content: [block] }] });

const REFUSED: readonly [name: string, parts: Parts, reason: RegExp][] = [
  ["a signature", {
    body: said({ type: "thinking", thinking: "hm", signature: b64(`sig ${SECRET} sig`) }),
  }, /^the member messages\[0\]\.content\[0\]\.(signature is a signature|thinking is signed)$/],
  ["signed thinking", {
    body: said({ signature: "abc=", thinking: `it is ${SECRET}`, type: "thinking" }),
  }, /thinking is signed/],
  ["sealed thinking", {
    body: said({ type: "redacted_thinking", data: b64(`sealed ${SECRET}`) }),
  }, /content\[0\]\.data is encrypted/],
  ["sealed reasoning", {
    body: JSON.stringify({ input: [{ type: "reasoning", encrypted_content: `gA${SECRET}` }] }),
  }, /input\[0\]\.encrypted_content is encrypted/],
  ["a thought signature", {
    body: JSON.stringify({ contents: [{ parts: [{ text: "a", thoughtSignature: b64(SECRET) }] }] }),
  }, /contents\[0\]\.parts\[0\]\.thoughtSignature is encrypted/],
  ["a signature spelled with escapes", {
    body: said({ type: "thinking", thinking: "hm", sig: SECRET }).replace(
      '"sig"',
      '"s\\u0069gnature"',
    ),
  }, /is a signature|is signed/],
  ["an image of Anthropic", {
    body: said({ type: "image", source: { type: "base64", media_type: "image/png", data: png } }),
  }, /source\.data is binary/],
  ["an image of Gemini", {
    body: JSON.stringify({
      contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: png } }] }],
    }),
  }, /inlineData\.data is binary/],
  ["an image of OpenAI", {
    body: said({ type: "image_url", image_url: { url: `data:image/png;base64,${png}` } }),
  }, /data URL/],
  ["sound", {
    body: said({
      type: "input_audio",
      input_audio: { data: b64(`RIFF  ${SECRET}`), format: "wav" },
    }),
  }, /input_audio\.data is binary/],
  ["a file", {
    body: said({ type: "file", file: { file_data: b64(`%PDF ${SECRET}`) } }),
  }, /file_data is binary/],
  ["a picture of unknown use", { body: JSON.stringify({ shot: png }) }, /picture/],
  ["a number", {
    body: `{"a":${BigInt(`0x${Buffer.from(SECRET).toString("hex")}`)},"b":"x"}`,
  }, /a number|is spread/],
  [
    "a binary body",
    { body: Buffer.concat([Buffer.from([0, 1]), Buffer.from(SECRET)]) },
    /not text/,
  ],
  [
    "a body that counts its bytes",
    { body: SECRET, headers: type("application/x-protobuf") },
    /counts/,
  ],
  ["a part that is not text", {
    body: `--B\r\nContent-Type: text/plain\r\n\r\n\0${SECRET}\r\n--B--`,
    headers: type("multipart/form-data; boundary=B"),
  }, /part 1 is not text/],
  ["a part in a transfer encoding", {
    body: `--B\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64(`a ${SECRET}`)}\r\n--B--`,
    headers: type("multipart/form-data; boundary=B"),
  }, /part 1 is in a transfer encoding/],
  [
    "JSON that is none",
    { body: `{"a":"${SECRET}",}`, headers: type("application/json") },
    /not the JSON/,
  ],
  ["JSON that nests too deeply", {
    body: `${"[".repeat(3000)}"${SECRET}"${"]".repeat(3000)}`,
    headers: type("application/json"),
  }, /not the JSON/],
  ["the name of a header", { headers: [{ name: `x-${SECRET}`, value: "1" }] }, /name of a header/],
  [
    "a header of the framing",
    { headers: [{ name: "Host", value: `${SECRET}.example.com` }] },
    /host/,
  ],
  ["an unknown coding", {
    body: SECRET,
    headers: [{ name: "content-encoding", value: "lzma" }],
  }, /cannot be decoded/],
  ...[
    "content-md5",
    "Content-Digest",
    "digest",
    "x-amz-content-sha256",
    "signature-input",
    "x-hub-signature-256",
    "content-range",
  ].map((name) =>
    [
      `a body that ${name} covers`,
      { body: SECRET, headers: [{ name, value: "x" }] },
      /covers the body/,
    ] as [string, Parts, RegExp]
  ),
  ["a signed request", {
    path: `/${SECRET}`,
    headers: [{ name: "authorization", value: "AWS4-HMAC-SHA256 Credential=a" }],
  }, /signature in authorization/],
  ["a signed URL", { query: `?a=${SECRET}&X-Amz-Signature=00` }, /signature in the query/],
];

for (const [name, parts, reason] of REFUSED) {
  Deno.test(`redactRequest() refuses ${name}`, () => match(refusal(parts), reason));
}

Deno.test("redactRequest() rewrites the text beside signed and binary members", () => {
  const body = said({
    type: "image",
    source: { type: "base64", media_type: "image/png", data: b64("\x89PNG") },
  })
    .replace(
      "]}]}",
      `,{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"text","text":"@"}]}]}`,
    );
  equal(rewritten({ body: body.replace("@", SECRET) }).body, body.replace("@", MARK));
});

Deno.test("redactRequest() takes a value everywhere that only its name betrays in one place", () => {
  const value = ["a1b2c3d4", "e5f60718", "293a4b5c", "6d7e8f90"].join("");
  const body = JSON.stringify({ DATADOG_API_KEY: value, log: `sent ${value} to the server` });
  equal(redactTextOf({ body }).includes(value), false);
});

function redactTextOf(parts: Parts): string {
  return rewritten(parts).body;
}

/** The four shapes in which agents send a transcript, of `turns` turns; the value stands in the first tool result. */
const TRANSCRIPTS: Readonly<Record<string, (turns: number, value: string) => string>> = {
  "Anthropic messages": (turns, value) =>
    JSON.stringify({
      model: "m",
      system: [{ type: "text", text: "You help.", cache_control: { type: "ephemeral" } }],
      messages: Array.from({ length: turns }, (_, turn) => [
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: `step ${turn}`, signature: b64(`sig${turn}`.repeat(20)) },
            { type: "tool_use", id: `toolu_${turn}`, name: "bash", input: { command: "cat .env" } },
          ],
        },
        {
          role: "user",
          content: [{
            type: "tool_result",
            tool_use_id: `toolu_${turn}`,
            content: [
              { type: "text", text: turn === 0 ? `TOKEN="${value}"\n\u00e9` : `result ${turn}` },
              {
                type: "image",
                source: { type: "base64", media_type: "image/png", data: b64(IMAGE) },
              },
            ],
          }],
        },
      ]).flat(),
      max_tokens: 100,
    }),
  "OpenAI chat": (turns, value) =>
    JSON.stringify({
      model: "m",
      messages: Array.from({ length: turns }, (_, turn) => [
        {
          role: "assistant",
          content: null,
          tool_calls: [{
            id: `call_${turn}`,
            type: "function",
            function: { name: "run", arguments: JSON.stringify({ a: turn === 0 ? value : turn }) },
          }],
        },
        { role: "tool", tool_call_id: `call_${turn}`, content: turn === 0 ? `is ${value}` : "ok" },
        {
          role: "user",
          content: [{
            type: "image_url",
            image_url: { url: `data:image/png;base64,${b64(IMAGE)}` },
          }],
        },
      ]).flat(),
      temperature: 0.50,
    }),
  "OpenAI responses": (turns, value) =>
    JSON.stringify({
      model: "m",
      input: Array.from({ length: turns }, (_, turn) => [
        { type: "reasoning", summary: [], encrypted_content: b64(`enc${turn}`.repeat(30)) },
        {
          type: "function_call",
          call_id: `call_${turn}`,
          name: "run",
          arguments: JSON.stringify({ env: { KEY: turn === 0 ? value : "" } }),
        },
        {
          type: "function_call_output",
          call_id: `call_${turn}`,
          output: JSON.stringify({ stdout: turn === 0 ? `a\n${value}\n` : "fine", code: 0 }),
        },
      ]).flat(),
    }),
  "Gemini": (turns, value) =>
    JSON.stringify({
      contents: Array.from({ length: turns }, (_, turn) => [
        {
          role: "model",
          parts: [{
            functionCall: { name: "run", args: { cmd: "env" } },
            thoughtSignature: b64(`thought${turn}`.repeat(20)),
          }],
        },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "run", response: { out: turn === 0 ? value : "x" } } },
            { inlineData: { mimeType: "image/png", data: b64(IMAGE) } },
          ],
        },
      ]).flat(),
    }),
};

/** Bytes like those of a picture, the same in every run. */
const IMAGE = Buffer.from(Array.from({ length: 600 }, (_, at) => (at * at * 31 + at * 7) & 0xff));

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`redactRequest() rewrites an old value in every later turn alike: ${name}`, () => {
    const bodies = [1, 2, 200].map((turns) => rewritten({ body: transcript(turns, SECRET) }).body);
    bodies.forEach((body, index) => equal(body, transcript([1, 2, 200][index]!, MARK)));
    // A prefix that a provider cached stays one.
    const prefix = bodies[0]!.slice(0, bodies[0]!.indexOf(MARK) + MARK.length);
    for (const body of bodies) ok(body.startsWith(prefix));
  });
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    SECRET,
    `${SECRET} and ${SECRET}`,
    OTHER,
    JSON.stringify({ a: SECRET }),
    b64(`x ${SECRET}`),
  ),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.constantFrom(null, true, false),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ maxLength: 6 }), fc.constant(SECRET)), tie("tree"), {
      maxKeys: 4,
    }),
  ),
}));

/** A JSON value with all its strings taken for equal. */
function shape(value: unknown): unknown {
  if (typeof value === "string") return "";
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value;
  return Object.values(value).map(shape);
}

Deno.test("redactRequest() makes JSON of JSON with the same structure and no value in it", () => {
  fc.assert(
    fc.property(
      tree,
      fc.constantFrom(undefined, 1, "\t"),
      fc.boolean(),
      (value, indent, escaped) => {
        let body = JSON.stringify([value], undefined, indent);
        if (escaped) {
          body = body.replace(/[\u007f-\uffff]/g, (unit) => `\\u${hex(unit.charCodeAt(0))}`);
        }
        const result = redact({ body, headers: type("application/json") });
        ok("body" in result, "refused" in result ? result.refused : "");
        const out = Buffer.from(result.body).toString("utf8");
        deepEqual(shape(JSON.parse(out)), shape(JSON.parse(body)));
        for (const secret of [SECRET, OTHER]) ok(!out.includes(secret));
        deepEqual(scanner.scan(result.body).matches, []);
        if (result.count === 0) equal(out, body);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("redactRequest() changes no byte around a value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.json(), (before, after, inner) => {
      const around = (value: string) =>
        `{"a": ${JSON.stringify(before)},\n"v":"- ${value} -",${" "}"b":${JSON.stringify(after)},` +
        `"j":${JSON.stringify(inner)}}`;
      if (scanner.scan(Buffer.from(around("x"))).matches.length > 0) return;
      equal(rewritten({ body: around(SECRET) }).body, around(MARK));
    }),
    { numRuns: 150 },
  );
});

Deno.test("redactRequest() never throws and never lets a value through, whatever stands around it", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      SECRET,
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "\\",
      "data: ",
      "\r\n",
      "--B",
      "--B--",
      "\r\n\r\n",
      "=",
      "&",
      "%",
    ),
    fc.string({ maxLength: 8 }),
  );
  const types = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "text/event-stream",
  ];
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.constantFrom(...types),
      (pieces, declared) => {
        const body = pieces.join("");
        const result = redact({ body, headers: declared === "" ? [] : type(declared) });
        if ("refused" in result) return;
        ok(!Buffer.from(result.body).includes(SECRET));
        if (!body.includes(SECRET) && result.count === 0) {
          equal(
            Buffer.from(result.body).toString(),
            body,
          );
        }
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("redactRequest() refuses a dump of values instead of taking minutes", () => {
  match(refusal({ body: `${SECRET}\n`.repeat(20_000) }), /more values/);
});

Deno.test("redactedContext() shows what stands around a value, and no value", () => {
  const bytes = Buffer.from(
    `${"lead ".repeat(40)}\x1b[31m\n${OTHER} key=${SECRET}\u202e; ${"end ".repeat(40)}`,
  );
  const { matches } = scanner.scan(bytes);
  const found = matches.find(({ rule }) => rule === "TOKEN");
  ok(found !== undefined);
  const context = redactedContext(bytes, found, matches, scanner);
  match(context, /key=.*; end end/);
  ok(context.length < 200 && !/[\p{Cc}\p{Cf}]/u.test(context));
  for (const secret of [SECRET, OTHER]) ok(!context.includes(secret.slice(3, 12)));
});

sampleTest("redactRequest() leaves nothing of a hidden secret, or refuses", () => {
  const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ payload }) => payload !== undefined);
  const secret = rows[0]!.secret;
  const known = buildScanner({ secrets: [{ name: "SECRET", value: secret }] });
  let taken = 0;
  for (const { id, payload } of rows) {
    const body = Buffer.from(payload!);
    const found = known.scan(body).matches.some(({ severity }) => severity !== "warn");
    const result = redactRequest({ path: "/", query: "", headers: [], body }, known);
    if ("refused" in result) continue;
    if (found) ok(result.count > 0, id);
    if (found) taken++;
    deepEqual(
      known.scan(result.body).matches.filter(({ severity }) => severity !== "warn"),
      [],
      id,
    );
  }
  ok(taken >= 40, `${taken} were rewritten`);
});

sampleTest("redactRequest() takes the samples of vendors' tokens out of JSON", () => {
  const rows = corpus<TokenRow>("tokens_tp.jsonl.gz");
  const patterns = buildScanner();
  const refused: string[] = [];
  let taken = 0;
  for (const { id, text: sample } of rows) {
    const body = Buffer.from(JSON.stringify({ role: "user", content: sample }));
    const result = redactRequest({ path: "/", query: "", headers: [], body }, patterns);
    if ("refused" in result) refused.push(`${id}: ${result.refused}`);
    else {
      taken += result.count > 0 ? 1 : 0;
      equal(JSON.parse(Buffer.from(result.body).toString()).role, "user", id);
    }
  }
  ok(refused.length * 100 < rows.length, refused.slice(0, 20).join("\n"));
  ok(taken * 10 > rows.length * 7, `${taken} of ${rows.length}`);
});
