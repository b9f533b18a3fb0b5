import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { BottleError } from "../../core/errors.ts";
import type { InitFlags } from "../init_command.ts";
import type { InitScene } from "./answering.ts";
import { askAnswers } from "./ask_answers.ts";
import type { Questions } from "./questions_on.ts";

const FLAGS: InitFlags = {
  forwardHostCredentials: false,
  project: false,
  yes: false,
  force: false,
  dryRun: false,
};

const EMPTY: InitScene = {
  agents: [],
  bottles: [],
  homeFolder: "/home/me/.bot-bottle/agents",
  projectFolder: "/src/app/.bot-bottle/agents",
  remote: undefined,
  inherited: () => Promise.resolve(undefined),
};

/** Somebody who gives the answer that stands for a question's title, and notes the titles. */
function somebody(
  answers: Readonly<Record<string, string | boolean | readonly string[]>>,
): { ask: Questions; titles: string[] } {
  const titles: string[] = [];
  const answerTo = (title: string) => {
    titles.push(title);
    const found = Object.entries(answers).find(([part]) => title.includes(part));
    ok(found, `nobody expected: ${title}`);
    return found[1];
  };
  return {
    titles,
    ask: {
      pickOne: (question) => {
        const value = answerTo(question.title) as string;
        ok(question.choices.some((choice) => choice.value === value), `${value} can be chosen`);
        return Promise.resolve(value);
      },
      pickOrdered: ({ title }) => Promise.resolve([...answerTo(title) as readonly string[]]),
      askText: ({ title, initial, check }) => {
        const given = answerTo(title) as string;
        const text = given === "(initial)" ? initial ?? "" : given;
        equal(check?.(text), undefined, title);
        return Promise.resolve(text);
      },
      askYes: ({ title }) => Promise.resolve(answerTo(title) as boolean),
    },
  };
}

const ALL_TEXTS = {
  "Name of the agent": "(initial)",
  "Name of the bottle": "(initial)",
  "Who is the agent": "claude",
  "holds its credential": "(initial)",
  "Which hosts": "",
  "commits by": "",
  "Where does": "yours",
  "System prompt": "",
};

function refusal(code: string, hint: RegExp) {
  return (error: unknown) => {
    ok(error instanceof BottleError);
    equal(error.code, code);
    ok(hint.test(`${error.message}\n${error.hint}`), `${error.message}\n${error.hint}`);
    return true;
  };
}

Deno.test("askAnswers() names the flag that is missing without a terminal, one after the other", async () => {
  const given: [Partial<InitFlags>, RegExp][] = [
    [{}, /--agent NAME/],
    [{ agent: "dev" }, /--bottle NAME/],
    [{ bottle: "dev" }, /--provider NAME/],
    [{ provider: "codex" }, /--auth-token VARIABLE or --forward-host-credentials/],
    [{ provider: "claude" }, /--auth-token VARIABLE/],
    [{ authToken: "TOKEN", repo: "git@git.example.org:app" }, /--host-key KEY/],
    [{ hostKey: "ssh-ed25519 AAAA" }, /--key FILE/],
  ];
  let flags = FLAGS;
  for (const [more, named] of given) {
    flags = { ...flags, ...more };
    await rejects(askAnswers(flags, EMPTY, undefined), refusal("no_terminal", named));
  }
  const { bottle } = await askAnswers({ ...flags, key: "~/.ssh/key" }, EMPTY, undefined);
  deepEqual(bottle, {
    name: "dev",
    extends: [],
    provider: { template: "claude", credential: { variable: "TOKEN" } },
    allow: [],
    repo: {
      name: "app",
      url: "ssh://git@git.example.org/app",
      hostKey: "ssh-ed25519 AAAA",
      keyFile: "~/.ssh/key",
    },
  });
});

Deno.test("askAnswers() asks everything on a terminal, and offers what is likely", async () => {
  const { ask, titles } = somebody({
    ...ALL_TEXTS,
    "Which hosts": "docs.example.com a.example.org",
    "commits by": "Ada <ada@example.org>",
    "May it push": true,
    "holds a token": "FORGE",
    "System prompt": "Be brief.",
  });
  const scene = { ...EMPTY, remote: "https://git.example.org/team/app.git" };
  deepEqual(await askAnswers(FLAGS, scene, ask), {
    agent: "dev",
    project: false,
    prompt: "Be brief.",
    bottle: {
      name: "dev",
      extends: [],
      provider: { template: "claude", credential: { variable: "CLAUDE_OAUTH" } },
      allow: ["docs.example.com", "a.example.org"],
      gitUser: { name: "Ada", email: "ada@example.org" },
      repo: {
        name: "app",
        url: "https://git.example.org/team/app.git",
        tokenVariable: "FORGE",
      },
    },
  });
  equal(titles.length, 10);
});

Deno.test("askAnswers() asks nothing that a flag answers, and with --yes only what has no default", async () => {
  const { ask, titles } = somebody({ "Name of the bottle": "box" });
  const flags = { ...FLAGS, agent: "dev", provider: "command", yes: true };
  const { bottle } = await askAnswers(flags, { ...EMPTY, remote: "git@h.example:a" }, ask);
  deepEqual(bottle, { name: "box", extends: [], provider: { template: "command" }, allow: [] });
  deepEqual(titles, ["Name of the bottle"]);
});

Deno.test("askAnswers() takes a bottle that is there as it is, by flag or on the screen", async () => {
  const scene = { ...EMPTY, bottles: ["base", "dev"] };
  const flagged = await askAnswers({ ...FLAGS, agent: "x", bottle: "dev" }, scene, undefined);
  equal(flagged.bottle, "dev");
  const { ask, titles } = somebody({ ...ALL_TEXTS, "Which bottle": "base" });
  equal((await askAnswers(FLAGS, scene, ask)).bottle, "base");
  ok(!titles.some((title) => /Who is|hosts/.test(title)));
});

Deno.test("askAnswers() lets a new bottle have its parent's provider", async () => {
  const scene = { ...EMPTY, bottles: ["base"], inherited: () => Promise.resolve("codex") };
  const { ask } = somebody({
    ...ALL_TEXTS,
    "Which bottle": "a new bottle",
    "build on": ["base"],
    "Who is the agent": "as in base",
  });
  deepEqual((await askAnswers(FLAGS, scene, ask)).bottle, {
    name: "dev",
    extends: ["base"],
    allow: [],
  });
  const flags = { ...FLAGS, agent: "dev", bottle: "dev", extends: ["base"] };
  deepEqual((await askAnswers(flags, scene, undefined)).bottle, {
    name: "dev",
    extends: ["base"],
    allow: [],
  });
  await rejects(
    askAnswers({ ...flags, authToken: "T" }, scene, undefined),
    refusal("no_terminal", /--provider/),
  );
});

Deno.test("askAnswers() replaces nothing without --force or a yes", async () => {
  const scene = { ...EMPTY, agents: ["dev"], bottles: ["dev"] };
  const flags = { ...FLAGS, agent: "dev", bottle: "dev" };
  await rejects(askAnswers(flags, scene, undefined), refusal("exists", /agent "dev".*\n.*--force/));
  const fresh = { ...flags, agent: "other", provider: "command" };
  await rejects(askAnswers(fresh, scene, undefined), refusal("exists", /bottle "dev"/));
  equal((await askAnswers({ ...flags, force: true }, scene, undefined)).agent, "dev");
  const no = somebody({ "Replace agent dev?": false });
  await rejects(askAnswers(flags, scene, no.ask), refusal("exists", /agent/));
  const yes = somebody({ ...ALL_TEXTS, "Replace agent dev?": true });
  equal((await askAnswers(flags, scene, yes.ask)).agent, "dev");
  // What is typed on the screen has to be free: "dev" is not offered, and is refused.
  const typed = somebody({ ...ALL_TEXTS, "Which bottle": "dev" });
  equal((await askAnswers(FLAGS, scene, typed.ask)).agent, "agent");
});

for (
  const [flags, reason] of [
    [{ agent: "No Name" }, /--agent "No Name"/],
    [{ provider: "claud" }, /did you mean claude\?/],
    [{ provider: "claude", forwardHostCredentials: true }, /provider claude cannot do that/],
    [{ provider: "codex", forwardHostCredentials: true, authToken: "T" }, /--auth-token is given/],
    [{ provider: "command", authToken: "T" }, /needs no credential/],
    [{ provider: "command", allow: ["https://x"] }, /--allow "https:\/\/x"/],
    [{ provider: "command", gitUser: "Ada" }, /--git-user "Ada"/],
    [{ provider: "command", repo: "/srv/x" }, /--repo "\/srv\/x"/],
    [{ provider: "command", key: "~/k" }, /--key without a repository/],
  ] as const
) {
  Deno.test(`askAnswers() refuses ${JSON.stringify(flags)}`, async () => {
    const given = { ...FLAGS, agent: "dev", bottle: "dev", ...flags };
    await rejects(askAnswers(given, EMPTY, undefined), (error: unknown) => {
      ok(error instanceof BottleError);
      ok(reason.test(`${error.message}\n${error.hint}`), `${error.message}\n${error.hint}`);
      return true;
    });
  });
}

Deno.test("askAnswers() does not repeat a credential that was given in the place of its name", async () => {
  const value = ["sk", "ant", "api03", "x".repeat(20)].join("-");
  for (const flag of ["authToken", "hostKey", "key", "repoToken"] as const) {
    const given = {
      ...{ ...FLAGS, agent: "dev", bottle: "dev", provider: "claude", authToken: "T" },
      repo: flag === "repoToken" ? "https://git.example.org/a" : "git@git.example.org:a",
      ...(flag === "key" ? { hostKey: "ssh-ed25519 AAAA" } : {}),
      [flag]: value,
    };
    await rejects(askAnswers(given, EMPTY, undefined), (error: unknown) => {
      ok(error instanceof BottleError && error.code === "bad_answer", flag);
      ok(!`${error.message}${error.hint}`.includes("api03"), flag);
      return true;
    });
  }
});
