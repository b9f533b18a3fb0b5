import assert from "node:assert/strict";
import { resolveEnvironment } from "./environment.ts";
import { home, loadBottle } from "./test_fixture.ts";

const ENV = `env:
  PLAIN: value
  COPIED: \${HOST_VAR}
  ASKED: "?Deploy password"`;

const lookup = (name: string) => ({ HOST_VAR: "from the host", EMPTY: "" })[name];

Deno.test("resolveEnvironment() resolves the three kinds", async () => {
  const asked: string[][] = [];
  const environment = await resolveEnvironment(await loadBottle(ENV), {
    lookup,
    given: {},
    ask: (...question) => {
      asked.push(question);
      return Promise.resolve("the answer");
    },
  });
  assert.deepEqual(environment, { PLAIN: "value", COPIED: "from the host", ASKED: "the answer" });
  assert.deepEqual(asked, [["ASKED", "Deploy password"]]);
});

Deno.test("resolveEnvironment() takes given values over everything, and asks nothing that is given", async () => {
  const environment = await resolveEnvironment(await loadBottle(ENV), {
    lookup: () => undefined,
    given: { ASKED: "a", COPIED: "b", PLAIN: "c", NEW: "d" },
  });
  assert.deepEqual(environment, { ASKED: "a", COPIED: "b", PLAIN: "c", NEW: "d" });
});

Deno.test("resolveEnvironment() refuses a missing host variable before it asks anything", async () => {
  const effective = await loadBottle('env:\n  ASKED: "?Password"\n  COPIED: ${MISSING}');
  await assert.rejects(
    resolveEnvironment(effective, {
      lookup,
      given: {},
      ask: () => Promise.reject(new Error("asked")),
    }),
    {
      code: "manifest_env",
      exit: 3,
      message:
        `${home("bottles/dev.md")}:4:11: env.COPIED copies the host variable MISSING, which is ` +
        "not set\n  4 |   COPIED: ${MISSING}\n    |           ^",
      hint: "set MISSING, or give --env COPIED=VALUE",
    },
  );
});

Deno.test("resolveEnvironment() copies a variable that is set and empty", async () => {
  const effective = await loadBottle("env: {COPIED: '${EMPTY}'}");
  assert.deepEqual(await resolveEnvironment(effective, { lookup, given: {} }), { COPIED: "" });
});

Deno.test("resolveEnvironment() names the flag when there is nobody to ask", async () => {
  await assert.rejects(resolveEnvironment(await loadBottle(ENV), { lookup, given: {} }), {
    code: "manifest_ask",
    exit: 3,
    hint: "give the answer with --env ASKED=VALUE",
  });
});
