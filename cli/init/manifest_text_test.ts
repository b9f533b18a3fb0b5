import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { parseStrictYaml } from "../../core/yaml.ts";
import { memoryFiles } from "../../manifest/memory_files.ts";
import { PLACES } from "../../manifest/test_fixture.ts";
import { judgeManifest } from "../judge_manifest.ts";
import type { InitAnswers, NewBottle } from "./answers.ts";
import { manifestFiles } from "./manifest_files.ts";
import { scalar } from "./manifest_text.ts";

const BOTTLE: NewBottle = { name: "dev", extends: [], allow: [] };
const ANSWERS: InitAnswers = { agent: "ada", project: false, prompt: "", bottle: BOTTLE };

/** What a start would get of these answers, beside other files. */
async function judged(answers: InitAnswers, more: Readonly<Record<string, string>> = {}) {
  const files = manifestFiles(answers, PLACES);
  const tree = { ...more, ...Object.fromEntries(files.map(({ file, text }) => [file, text])) };
  return await judgeManifest(memoryFiles(tree), PLACES, { agent: answers.agent, bottles: [] });
}

Deno.test("scalar() is read back as the text that it was, alone and in a flow", () => {
  const printable = fc.string({ unit: "grapheme", maxLength: 30 })
    // deno-lint-ignore no-control-regex -- a manifest holds none
    .filter((text) => !/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(text) && text.isWellFormed());
  const words = fc.constantFrom(
    "true",
    "No",
    "null",
    "~",
    "~/x",
    "- a",
    "a: b",
    "a #b",
    "1e3",
    "*a",
  );
  fc.assert(
    fc.property(fc.oneof(printable, words), (text) => {
      const yaml = `a: ${scalar(text)}\nb: { c: ${scalar(text)}, d: [${scalar(text)}] }\n`;
      deepEqual(parseStrictYaml(yaml, "f").value, { a: text, b: { c: text, d: [text] } });
    }),
    { numRuns: 1000 },
  );
});

Deno.test("the files of the fewest answers are a bottle that allows nothing, and an agent in it", async () => {
  const { declared: { agent, bottle } } = await judged(ANSWERS);
  deepEqual([agent?.name, agent?.prompt, bottle.egress.routes], ["ada", "", []]);
  equal(bottle.agent_provider, undefined);
});

Deno.test("the files of every answer are read as what was answered", async () => {
  const { declared: { agent, bottle } } = await judged({
    ...ANSWERS,
    prompt: "---\nYou: test\n---\nfirst.",
    bottle: {
      ...BOTTLE,
      provider: { template: "claude", credential: { variable: "TOKEN" } },
      allow: ["docs.example.com", "*.example.org"],
      gitUser: { name: 'Ada "A" O’Neil, #1', email: "ada@example.org" },
      repo: {
        name: "app",
        url: "ssh://git@git.example.org:22/team/app.git",
        hostKey: "ssh-ed25519 AAAA+/==",
        keyFile: "~/.ssh/a key",
      },
    },
  });
  equal(agent?.prompt, "---\nYou: test\n---\nfirst.");
  deepEqual(bottle.agent_provider, { template: "claude", auth_token: "TOKEN" });
  deepEqual(bottle.egress.routes.map(({ host }) => host), ["docs.example.com", "*.example.org"]);
  deepEqual(bottle["git-gate"], {
    user: { name: 'Ada "A" O’Neil, #1', email: "ada@example.org" },
    repos: {
      app: {
        url: "ssh://git@git.example.org:22/team/app.git",
        host_key: "ssh-ed25519 AAAA+/==",
        key: { provider: "static", path: "~/.ssh/a key" },
      },
    },
  });
});

Deno.test("a new bottle without a provider has its parents' one", async () => {
  const parent = "---\nagent_provider: { template: codex, forward_host_credentials: true }\n---\n";
  const { declared } = await judged(
    { ...ANSWERS, bottle: { ...BOTTLE, extends: ["base"] } },
    { [`${PLACES.home}/bottles/base.md`]: parent },
  );
  equal(declared.bottle.agent_provider?.template, "codex");
});

Deno.test("codex with this machine's login, and a repository to fetch from, are read as such", async () => {
  const { declared: { bottle } } = await judged({
    ...ANSWERS,
    bottle: {
      ...BOTTLE,
      provider: { template: "codex", credential: { forwarded: true } },
      repo: { name: "app", url: "https://git.example.org/app", tokenVariable: "FORGE" },
    },
  });
  equal(bottle.agent_provider?.forward_host_credentials, true);
  deepEqual(bottle["git-gate"].repos.app?.key, { provider: "token", token_ref: "FORGE" });
});

Deno.test("an agent for a bottle that is there is one file; a project's may be read by others", () => {
  const [file, ...rest] = manifestFiles({ ...ANSWERS, bottle: "dev", project: true }, PLACES);
  deepEqual(rest, []);
  deepEqual([file?.file, file?.mode], ["/src/app/.bot-bottle/agents/ada.md", 0o644]);
  match(file!.text, /^bottle: dev$/m);
  deepEqual(manifestFiles(ANSWERS, PLACES).map(({ file, mode }) => [file, mode]), [
    ["/home/me/.bot-bottle/bottles/dev.md", 0o600],
    ["/home/me/.bot-bottle/agents/ada.md", 0o600],
  ]);
});
