import assert from "node:assert/strict";
import { refuseCopiedSecrets, refuseProviderNames, resolveEnvironment } from "./environment.ts";
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

Deno.test("refuseProviderNames() refuses a name of the provider's, of the manifest and of the command line", async () => {
  const effective = await loadBottle("env:\n  API_KEY: x\n  OTHER: y");
  const own = { API_KEY: "placeholder", GIVEN: "1" };
  assert.throws(() => refuseProviderNames(effective, {}, own, "claude"), {
    code: "manifest_env",
    message: /dev\.md:\d+:\d+: env\.API_KEY is set by provider claude itself/,
  });
  const { API_KEY: _, ...rest } = own;
  assert.throws(() => refuseProviderNames(effective, { GIVEN: "2" }, rest, "claude"), {
    code: "manifest_env",
    message: /^--env GIVEN is set by provider claude itself/,
  });
  refuseProviderNames(effective, { MORE: "1" }, rest, "claude");
});

Deno.test("refuseCopiedSecrets() refuses a credential under any name and in any text, and never shows it", async () => {
  const effective = await loadBottle("env:\n  COPY: ${OTHER}");
  const value = ["long", "enough", "value"].join("-");
  const secrets = [{ name: "MODEL_TOKEN", value }, { name: "SHORT", value: "abc" }];
  const refused = (environment: Record<string, string>, given = {}) => {
    try {
      refuseCopiedSecrets(effective, environment, given, secrets);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
  };
  assert.match(refused({ COPY: value })!, /env\.COPY holds the credential MODEL_TOKEN/);
  const inside = refused({ URL: `https://me:${value}@example.com` }, { URL: "" })!;
  assert.match(inside, /^--env URL holds the credential MODEL_TOKEN/);
  assert.ok(!inside.includes(value));
  assert.match(refused({ COPY: "abc\n" })!, /credential SHORT/);
  assert.equal(refused({ COPY: "abcdef", MORE: value.slice(1) }), undefined);
});
