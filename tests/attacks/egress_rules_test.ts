import assert from "node:assert/strict";
import { routeSchema } from "../../core/route.ts";
import { BottleError } from "../../core/errors.ts";
import { createPolicy } from "../../egress/policy.ts";
import { parseRoutesFile } from "../../egress/routes_file.ts";
import { ALLOWED, get, Scene, TOKEN_REF } from "./egress_scene.ts";

const token = () => "set";

/** Files that must stop the start; each was once, somewhere, a file that let everything through. */
const UNUSABLE: readonly (readonly [string, string])[] = [
  ["an empty file", ""],
  ["no routes key", "host: example.com\n"],
  ["routes that are null", "routes:\n"],
  ["routes that are a mapping", "routes:\n  host: example.com\n"],
  ["text that is not YAML", "routes: [\n"],
  ["a tab for indentation", "routes:\n\t- host: example.com\n"],
  ["an unknown key beside routes", "routes: []\ndefault: allow\n"],
  ["an unknown key in a route", "routes:\n  - host: example.com\n    method: GET\n"],
  ["a misspelt matches", "routes:\n  - host: example.com\n    match:\n      - methods: [GET]\n"],
  ["an empty matches", "routes:\n  - host: example.com\n    matches: []\n"],
  [
    "an empty list of methods",
    "routes:\n  - host: example.com\n    matches:\n      - methods: []\n",
  ],
  [
    "methods in lower case",
    "routes:\n  - host: example.com\n    matches:\n      - methods: [get]\n",
  ],
  ["a key twice", "routes:\n  - host: example.com\n    host: example.org\n"],
  ["a host twice", "routes:\n  - host: example.com\n  - host: EXAMPLE.com.\n"],
  ["a host with a scheme", "routes:\n  - host: https://example.com\n"],
  ["a host with a path", "routes:\n  - host: example.com/v1\n"],
  ["a star alone", 'routes:\n  - host: "*"\n'],
  ["a star for a whole zone", 'routes:\n  - host: "*.com"\n'],
  ["a star inside a label", 'routes:\n  - host: "api*.example.com"\n'],
  ["an address without allow_private", "routes:\n  - host: 10.0.0.1\n"],
  ["a port of 0", "routes:\n  - host: example.com\n    ports: [0]\n"],
  ["a port that is text", 'routes:\n  - host: example.com\n    ports: ["443"]\n'],
  [
    "a pattern with a look-ahead",
    'routes:\n  - host: example.com\n    matches:\n      - paths: [{type: regex, value: "/(?!admin).*"}]\n',
  ],
  [
    "a pattern with a back-reference",
    "routes:\n  - host: example.com\n    matches:\n      - paths: [{type: regex, value: '/(a)\\1'}]\n",
  ],
  [
    "a pattern that does not end",
    'routes:\n  - host: example.com\n    matches:\n      - paths: [{type: regex, value: "/("}]\n',
  ],
  [
    "a path without a slash",
    "routes:\n  - host: example.com\n    matches:\n      - paths: [{value: v1}]\n",
  ],
  [
    "an unknown matcher",
    "routes:\n  - host: example.com\n    matches:\n      - paths: [{type: glob, value: /*}]\n",
  ],
  ["an alias", "a: &a {host: example.com}\nroutes: [*a]\n"],
  ["a tag", "routes: !!set {}\n"],
  ["a merge key", "routes:\n  - <<: {host: example.com}\n"],
  ["two documents", "routes: []\n---\nroutes: []\n"],
  [
    "an unknown scheme of auth",
    `routes:\n  - host: example.com\n    auth: {scheme: digest, token_ref: ${TOKEN_REF}}\n`,
  ],
];
for (const [what, text] of UNUSABLE) {
  Deno.test(`B15 ${what} stops the start`, () => {
    assert.throws(() => parseRoutesFile(text, "routes.yaml", token), BottleError);
  });
}

Deno.test("B15 an empty list of routes is a list, and denies everything", async () => {
  assert.deepEqual(parseRoutesFile("routes: []\n", "routes.yaml", token), []);
  await using scene = await Scene.start({ routes: [] });
  scene.assertRefused(await scene.connect(`${ALLOWED}:443`), "host_not_allowed");
});

Deno.test("B15 a route whose credential is not set stops the start", () => {
  const text =
    `routes:\n  - host: example.com\n    auth: {scheme: Bearer, token_ref: ${TOKEN_REF}}\n`;
  assert.equal(parseRoutesFile(text, "routes.yaml", token).length, 1);
  for (const missing of [() => undefined, () => ""]) {
    assert.throws(() => parseRoutesFile(text, "routes.yaml", missing), BottleError);
  }
});

Deno.test("B14 a rule that cannot be compiled throws, and is not left out", () => {
  const route = routeSchema.parse({ host: "example.com" });
  const broken = { ...route, matches: [{ paths: [{ type: "regex" as const, value: "/(" }] }] };
  assert.throws(() => createPolicy([broken], 2, token), SyntaxError);
});

Deno.test("B14 a header that a rule needs and a request lacks is not a match", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    scene.route({ matches: [{ headers: [{ name: "x-scope", value: ".*", type: "regex" }] }] }),
  ]);
  using client = await scene.tunnel();
  scene.assertRefused(await client.ask(get("/")), "request_not_allowed");
});

Deno.test("B14 a credential that vanishes while the proxy runs denies the request", async () => {
  await using scene = await Scene.start({ tokens: {} });
  using client = await scene.tunnel();
  scene.assertRefused(await client.ask(get("/")), "credential_missing");
});

Deno.test("B14 a detector that throws denies the request", async () => {
  await using scene = await Scene.start({
    secrets: [{
      name: "BROKEN",
      get value(): string {
        throw new Error("cannot look");
      },
    }],
  });
  using client = await scene.tunnel();
  for (let request = 0; request < 2; request++) {
    scene.assertRefused(await client.ask(get("/")), "internal_error");
  }
});

Deno.test("B14 an event that cannot be stored stops what follows, until it can", async () => {
  let full = true;
  const scene = await Scene.start({
    record: () => {
      if (full) throw new Error("no space left on device");
    },
  });
  await using _ = scene;
  using client = await scene.tunnel();
  await client.ask(get("/first"));
  const before = scene.allowed.requests.length;
  for (let request = 0; request < 2; request++) {
    const refused = await client.ask(get("/second"));
    assert.equal(refused?.headers.get("x-bot-bottle-denied"), "record_failed");
  }
  assert.equal(scene.allowed.requests.length, before, "a request went out unseen");
  full = false;
  assert.equal((await client.ask(get("/third")))?.status, 200);
});

Deno.test("B14 a pattern that would backtrack for ever answers at once", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    scene.route({ matches: [{ paths: [{ type: "regex", value: "/(a+)+" }] }] }),
  ]);
  using client = await scene.tunnel();
  scene.assertRefused(
    await client.ask(get(`/${"a".repeat(5_000)}!`), 2_000),
    "request_not_allowed",
  );
});
