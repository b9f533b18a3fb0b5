import assert from "node:assert/strict";
import { resolveTokens, sidecarRoutes, tokenRefs } from "./tokens.ts";
import { home, loadBottle } from "./test_fixture.ts";

const ROUTES = `egress:
  routes:
    - host: open.example.com
    - host: b.example.com
      auth: {scheme: Bearer, token_ref: TOKEN_B}
    - host: a.example.com
      auth:
        scheme: basic
        token_ref: TOKEN_A
    - host: c.example.com
      auth: {scheme: token, token_ref: TOKEN_B}`;

Deno.test("tokenRefs() gives each variable once, in the order of the routes, with its first place", async () => {
  const file = home("bottles/dev.md");
  assert.deepEqual(tokenRefs(await loadBottle(ROUTES)), [
    {
      variable: "TOKEN_B",
      slot: "EGRESS_TOKEN_0",
      position: { file, line: 6, column: 41 },
      key: "egress.routes[b.example.com].auth.token_ref",
    },
    {
      variable: "TOKEN_A",
      slot: "EGRESS_TOKEN_1",
      position: { file, line: 10, column: 20 },
      key: "egress.routes[a.example.com].auth.token_ref",
    },
  ]);
});

Deno.test("tokenRefs() is empty without credentials", async () => {
  assert.deepEqual(tokenRefs(await loadBottle("env: {}")), []);
});

Deno.test("resolveTokens() gives the values by slot and asks for nothing else", async () => {
  const asked: string[] = [];
  const environment = resolveTokens(await loadBottle(ROUTES), (variable) => {
    asked.push(variable);
    return `value-of-${variable}`;
  });
  assert.deepEqual(environment, {
    EGRESS_TOKEN_0: "value-of-TOKEN_B",
    EGRESS_TOKEN_1: "value-of-TOKEN_A",
  });
  assert.deepEqual(asked, ["TOKEN_B", "TOKEN_A"]);
});

Deno.test("resolveTokens() takes the space around a value off, for what is checked and for what is used", async () => {
  const environment = resolveTokens(await loadBottle(ROUTES), (name) => ` ${name}\r\n`);
  assert.deepEqual(Object.values(environment), ["TOKEN_B", "TOKEN_A"]);
});

Deno.test("resolveTokens() refuses what the header of its scheme cannot hold, and never shows it", async () => {
  const effective = await loadBottle(`egress:
  routes:
    - host: a.example.com
      auth: {scheme: Bearer, token_ref: WORD}
    - host: b.example.com
      auth: {scheme: "header:X-Key", token_ref: LINE}
    - host: c.example.com
      auth: {scheme: basic, token_ref: PASSWORD}`);
  const good = { WORD: "w~!", LINE: "Key w", PASSWORD: "user: ünd so" };
  const taken = (values: Record<string, string>) =>
    resolveTokens(effective, (name) => values[name]);
  assert.deepEqual(Object.values(taken(good)), Object.values(good));
  for (
    const [name, value] of [
      ...[["WORD", "a b"], ["WORD", "a\nb"], ["WORD", "a\0b"], ["WORD", "ä"]],
      ...[["LINE", "a\nb"], ["LINE", "ä"], ["PASSWORD", "a\nb"]],
    ] as const
  ) {
    assert.throws(
      () => taken({ ...good, [name]: value }),
      (error: Error) =>
        error.message.includes(`variable ${name}`) && !error.message.includes(value),
      `${name} ${JSON.stringify(value)}`,
    );
  }
});

Deno.test("resolveTokens() refuses an unset or empty variable with file, line and key", async () => {
  const effective = await loadBottle(ROUTES);
  for (const [value, state] of [[undefined, "not set"], ["", "empty"], [" \n", "empty"]] as const) {
    assert.throws(
      () => resolveTokens(effective, (name) => name === "TOKEN_A" ? value : "set"),
      {
        code: "manifest_token",
        exit: 3,
        message:
          `${
            home("bottles/dev.md")
          }:10:20: egress.routes[a.example.com].auth.token_ref names the host ` +
          `variable TOKEN_A, which is ${state}\n  10 |         token_ref: TOKEN_A\n     |                    ^`,
        hint: "set TOKEN_A in the environment that bot-bottle is started from",
      },
    );
  }
});

Deno.test("sidecarRoutes() names slots instead of host variables", async () => {
  const routes = sidecarRoutes(await loadBottle(ROUTES));
  assert.deepEqual(routes.map((route) => [route.host, route.auth?.token_ref]), [
    ["open.example.com", undefined],
    ["b.example.com", "EGRESS_TOKEN_0"],
    ["a.example.com", "EGRESS_TOKEN_1"],
    ["c.example.com", "EGRESS_TOKEN_0"],
  ]);
  assert.doesNotMatch(JSON.stringify(routes), /TOKEN_[AB]/);
});
