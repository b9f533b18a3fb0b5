import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { DeployKeyProvisioner } from "../../gitgate/deploy_keys/deploy_key.ts";
import { DeployKeyError } from "../../gitgate/deploy_keys/deploy_key_error.ts";
import { FORGES } from "../../gitgate/deploy_keys/forges.ts";
import { generateDeployKeyPair } from "../../gitgate/deploy_keys/key_pair.ts";
import type { ForgeAnswer } from "../fakes/forges/fake_forge.ts";
import { FakeGitea } from "../fakes/forges/fake_gitea.ts";
import { ForgeScene, PROVIDERS } from "../fakes/forges/forge_scene.ts";
import { TestAuthority } from "../support/test_authority.ts";

const publicKey = async () => (await generateDeployKeyPair("bot-bottle dev")).publicKey;
const bare = (key: string) => key.split(" ").slice(0, 2).join(" ");

/** The error that `run` rejects with. */
async function failure(run: () => Promise<unknown>): Promise<DeployKeyError> {
  let thrown: unknown;
  await rejects(run, (error) => (thrown = error, true));
  if (!(thrown instanceof DeployKeyError)) throw thrown;
  return thrown;
}

/** Declares a test for each forge. */
function forEachForge(name: string, run: (scene: ForgeScene) => Promise<void>): void {
  for (const provider of PROVIDERS) {
    Deno.test(`${provider}: ${name}`, async () => {
      await using scene = await ForgeScene.open(provider);
      await run(scene);
    });
  }
}

Deno.test("every forge of the registry has a fake", () => {
  deepEqual([...FORGES.keys()].sort(), [...PROVIDERS].sort());
});

const CREATION: Readonly<Record<string, (key: string) => unknown>> = {
  gitea: (key) => ({ title: "bot 1", key, read_only: false }),
  github: (key) => ({ title: "bot 1", key, read_only: false }),
  gitlab: (key) => ({ title: "bot 1", key, can_push: true }),
};
const KEYS: Readonly<Record<string, string>> = {
  gitea: "/api/v1/repos/team/app/keys",
  github: "/api/v3/repos/team/app/keys",
  gitlab: "/api/v4/projects/team%2Fapp/deploy_keys",
};
const CREDENTIAL: Readonly<Record<string, readonly [string, string]>> = {
  gitea: ["authorization", "token <token>"],
  github: ["authorization", "Bearer <token>"],
  gitlab: ["private-token", "<token>"],
};

forEachForge(
  "a key is created with one request, found, and revoked with one request",
  async (scene) => {
    const forge = scene.provisioner();
    const key = await publicKey();
    const made = await forge.ensure(scene.repo, "bot 1", key);
    equal(scene.forge.requests.length, 1);
    const { method, path, query, headers, body } = scene.forge.requests[0]!;
    deepEqual([method, path, [...query]], ["POST", KEYS[scene.provider], []]);
    deepEqual(body, CREATION[scene.provider]!(key));
    const [name, value] = CREDENTIAL[scene.provider]!;
    equal(headers[name], value);
    equal(headers["content-type"], "application/json");
    deepEqual(scene.keys.map(({ id, title, writable }) => ({ id, title, writable })), [
      { id: made.id, title: "bot 1", writable: true },
    ]);

    equal((await forge.find(scene.repo, { publicKey: key }))?.id, made.id);
    equal((await forge.find(scene.repo, { title: "bot 1" }))?.id, made.id);
    equal(await forge.find(scene.repo, { title: "bot 2" }), undefined);

    const before = scene.calls.length;
    equal(await forge.revoke(scene.repo, made.id), "revoked");
    deepEqual(scene.calls.slice(before), [`DELETE ${KEYS[scene.provider]}/${made.id}`]);
    deepEqual(scene.keys, []);

    const second = await forge.ensure(scene.repo, "bot 2", await publicKey());
    ok(second.id !== made.id);
  },
);

forEachForge("a key that the repository has already is kept, with its id", async (scene) => {
  const key = await publicKey();
  const mine = scene.forge.seed(scene.project, "bot 1", key);
  equal((await scene.provisioner().ensure(scene.repo, "bot 1", key)).id, mine.id);
  equal(scene.keys.length, 1);
});

forEachForge(
  "a key that is used elsewhere is a collision that names repository and title",
  async (scene) => {
    const key = await publicKey();
    scene.forge.userKeys.add(bare(key));
    const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 1", key));
    equal(error.code, "deploy_key_collision");
    equal(error.mayExist, false);
    match(
      error.message,
      /^Cannot add deploy key "bot 1" to repository app \(team\/app at git\.example\.org:\d+\): /,
    );
    match(error.message, /already (in use|been taken)|used as non-deploy key/);
    ok(error.hint !== undefined);
  },
);

Deno.test("gitea: a title that is taken is a collision", async () => {
  await using scene = await ForgeScene.open("gitea");
  scene.forge.seed(scene.project, "bot 1", await publicKey());
  const key = await publicKey();
  const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 1", key));
  equal(error.code, "deploy_key_collision");
  match(error.message, /"bot 1".*same name already exists/);
  equal(scene.keys.length, 1);
});

forEachForge("a bad key is refused and is no collision", async (scene) => {
  const error = await failure(() =>
    scene.provisioner().ensure(scene.repo, "bot 1", "ssh-ed25519 x")
  );
  equal(error.code, "forge_rejected");
  equal(error.mayExist, false);
  deepEqual(scene.calls.length, 1);
});

forEachForge("a key that the forge made read-only is an error, and may exist", async (scene) => {
  const key = await publicKey();
  scene.forge.seed(scene.project, "bot 1", key, false);
  const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 1", key));
  deepEqual([error.code, error.mayExist], ["deploy_key_read_only", true]);
});

const REFUSED: readonly [string, (scene: ForgeScene) => void, Readonly<Record<string, string>>][] =
  [
    ["an unknown token", (scene) => scene.forge.tokens.clear(), {
      gitea: "forge_unauthorized",
      github: "forge_unauthorized",
      gitlab: "forge_unauthorized",
    }],
    ["a token without the scope", (scene) => scene.permit("no-scope"), {
      gitea: "forge_forbidden",
      github: "forge_forbidden",
      gitlab: "forge_forbidden",
    }],
    ["a user who may only write", (scene) => scene.permit("write"), {
      gitea: "forge_forbidden",
      github: "forge_not_found",
      gitlab: "forge_forbidden",
    }],
    ["a repository that is hidden", (scene) => scene.permit("none"), {
      gitea: "forge_not_found",
      github: "forge_not_found",
      gitlab: "forge_not_found",
    }],
    ["a repository that is not there", (scene) => scene.forge.repos.clear(), {
      gitea: "forge_not_found",
      github: "forge_not_found",
      gitlab: "forge_not_found",
    }],
  ];
for (const [what, arrange, codes] of REFUSED) {
  forEachForge(
    `${what} is refused in creation, list and revocation, and asked once`,
    async (scene) => {
      arrange(scene);
      const forge = scene.provisioner();
      const key = await publicKey();
      const runs: readonly (() => Promise<unknown>)[] = [
        () => forge.ensure(scene.repo, "bot 1", key),
        () => forge.find(scene.repo, { title: "x" }),
        () => forge.revoke(scene.repo, 5),
      ];
      for (const run of runs) {
        const before = scene.calls.length;
        const error = await failure(run);
        deepEqual([error.code, error.mayExist], [codes[scene.provider], false]);
        match(error.hint ?? "", /FORGE_TOKEN/);
        // A 404 to a revocation is looked into; nothing else is repeated.
        ok(scene.calls.length - before <= (error.code === "forge_not_found" ? 2 : 1));
      }
      deepEqual(scene.pauses, []);
    },
  );
}

forEachForge("a key that is gone is absent when it is revoked", async (scene) => {
  scene.forge.seed(scene.project, "somebody's", await publicKey());
  const outcome = await scene.provisioner().revoke(scene.repo, 7);
  // Gitea does not tell the difference.
  equal(outcome, scene.provider === "gitea" ? "revoked" : "absent");
  equal(scene.keys.length, 1);
});

forEachForge("a 404 to the revocation of a key that is still listed is an error", async (scene) => {
  const { id } = scene.forge.seed(scene.project, "bot 1", await publicKey());
  scene.forge.fail({ on: "DELETE", answer: { status: 404, json: { message: "Not Found" } } });
  const error = await failure(() => scene.provisioner().revoke(scene.repo, id));
  equal(error.code, "forge_not_found");
  equal(scene.keys.length, 1);
});

forEachForge("a list is read page by page, at addresses of our own making", async (scene) => {
  for (let i = 0; i < 120; i++) scene.forge.seed(scene.project, `old ${i}`, await publicKey());
  const key = await publicKey();
  const { id } = scene.forge.seed(scene.project, "bot 1", key);
  equal((await scene.provisioner().find(scene.repo, { publicKey: key }))?.id, id);
  const pages = scene.forge.requests.map(({ query }) => query.get("page"));
  deepEqual(pages, scene.provider === "gitea" ? ["1", "2", "3"] : ["1", "2"]);
  ok(scene.forge.requests.every(({ path }) => path === KEYS[scene.provider]));
  const before = pages.length;
  equal(await scene.provisioner().find(scene.repo, { title: "none" }), undefined);
  equal(scene.calls.length - before, before);
});

Deno.test("gitea: a server that gives smaller pages than were asked for is read to the end", async () => {
  await using scene = await ForgeScene.open("gitea");
  (scene.forge as FakeGitea).mostPerPage = 10;
  for (let i = 0; i < 25; i++) scene.forge.seed(scene.project, `old ${i}`, await publicKey());
  equal((await scene.provisioner().find(scene.repo, { title: "old 24" }))?.title, "old 24");
  equal(scene.calls.length, 3);
});

Deno.test("github: a list that never ends is given up", async () => {
  await using scene = await ForgeScene.open("github");
  const key = { id: 1, title: "x", key: "ssh-ed25519 AAAA" };
  scene.forge.fail(...Array.from({ length: 50 }, () => ({
    on: "GET" as const,
    answer: { status: 200, json: [key], headers: { Link: '<https://x.example/>; rel="next"' } },
  })));
  const error = await failure(() => scene.provisioner().find(scene.repo, { title: "y" }));
  equal(error.code, "forge_answer");
  equal(scene.calls.length, 50);
});

const RATE_LIMITS: Readonly<Record<string, (scene: ForgeScene) => ForgeAnswer>> = {
  gitea: () => ({ status: 429, headers: { "Retry-After": "3" }, json: { message: "slow down" } }),
  github: (scene) => ({
    status: 403,
    headers: {
      "X-RateLimit-Remaining": "0",
      "X-RateLimit-Reset": String(Math.floor(scene.clock.now().getTime() / 1000) + 3),
    },
    json: { message: "API rate limit exceeded for user ID 1." },
  }),
  gitlab: () => ({ status: 429, headers: { "Retry-After": "3" }, text: "Retry later\n" }),
};

forEachForge(
  "a rate limit is waited for as long as the forge says, for creations too",
  async (scene) => {
    const limit = RATE_LIMITS[scene.provider]!(scene);
    scene.forge.fail({ on: "POST", answer: limit });
    await scene.provisioner().ensure(scene.repo, "bot 1", await publicKey());
    deepEqual(scene.pauses, [3000]);
    equal(scene.keys.length, 1);
    equal(scene.calls.length, 2);
  },
);

forEachForge("a rate limit that outlasts the budget is an error at once", async (scene) => {
  const answer = { status: 429, headers: { "Retry-After": "60" }, json: { message: "slow down" } };
  scene.forge.fail({ on: "POST", answer });
  const key = await publicKey();
  const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 1", key));
  deepEqual([error.code, error.mayExist], ["forge_rate_limited", false]);
  deepEqual(scene.pauses, []);
});

forEachForge("a rate limit that goes on is given up", async (scene) => {
  const answer = { status: 429, headers: { "Retry-After": "1" }, json: {} };
  scene.forge.fail(...Array.from({ length: 3 }, () => ({ on: "GET" as const, answer })));
  const error = await failure(() => scene.provisioner().find(scene.repo, { title: "x" }));
  equal(error.code, "forge_rate_limited");
  deepEqual(scene.pauses, [1000, 1000]);
});

forEachForge(
  "a list and a revocation are tried once more when the forge fails, and no more",
  async (scene) => {
    const broken = { status: 502, text: "Bad Gateway" };
    const forge = scene.provisioner();
    const { id } = scene.forge.seed(scene.project, "bot 1", await publicKey());
    for (const answer of [broken, "reset", "cut"] as const) {
      scene.forge.fail({ on: "GET", answer });
      equal((await forge.find(scene.repo, { title: "bot 1" }))?.id, id);
    }
    scene.forge.fail({ on: "GET", answer: broken }, { on: "GET", answer: broken });
    equal((await failure(() => forge.find(scene.repo, { title: "bot 1" }))).code, "forge_failed");
    scene.forge.fail({ on: "GET", answer: "cut" }, { on: "GET", answer: "reset" });
    equal((await failure(() => forge.find(scene.repo, { title: "bot 1" }))).code, "forge_lost");
    // The first attempt did its work and its answer was lost.
    scene.forge.fail({ on: "DELETE", acts: true, answer: broken });
    ok(["revoked", "absent"].includes(await forge.revoke(scene.repo, id)));
    deepEqual(scene.keys, []);
  },
);

for (const answer of ["reset", "cut", "502"] as const) {
  forEachForge(
    `a creation that was done and whose answer was lost (${answer}) is found, not repeated`,
    async (scene) => {
      scene.forge.fail({
        on: "POST",
        acts: true,
        answer: answer === "502" ? { status: 502, text: "Bad Gateway" } : answer,
      });
      const made = await scene.provisioner().ensure(scene.repo, "bot 1", await publicKey());
      deepEqual(scene.keys.map(({ id }) => id), [made.id]);
      deepEqual(scene.calls.map((call) => call.split(" ")[0]), ["POST", "GET"]);
    },
  );
}

forEachForge("a creation that was not done is looked for and repeated once", async (scene) => {
  scene.forge.fail({ on: "POST", answer: { status: 500, json: { message: "oops" } } });
  const made = await scene.provisioner().ensure(scene.repo, "bot 1", await publicKey());
  equal(scene.keys[0]!.id, made.id);
  const calls = scene.calls.map((call) => call.split(" ")[0]);
  deepEqual([calls[0], calls[1], calls.at(-1)], ["POST", "GET", "POST"]);

  scene.forge.fail(
    ...Array.from({ length: 2 }, () => ({ on: "POST" as const, answer: { status: 500 } })),
  );
  const key = await publicKey();
  const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 2", key));
  deepEqual([error.code, error.mayExist], ["forge_failed", true]);
  equal(scene.keys.length, 1);
});

forEachForge("a creation whose outcome cannot be looked up may exist", async (scene) => {
  scene.forge.fail({ on: "POST", acts: true, answer: "reset" }, {
    on: "GET",
    answer: { status: 403 },
  });
  const key = await publicKey();
  const error = await failure(() => scene.provisioner().ensure(scene.repo, "bot 1", key));
  deepEqual([error.code, error.mayExist], ["forge_lost", true]);
});

for (const answer of ["hang", "drip"] as const) {
  forEachForge(
    `a forge whose answers have no end (${answer}) is given up in time`,
    async (scene) => {
      scene.forge.fail({ on: "GET", always: true, answer });
      const error = await failure(() => scene.provisioner(400).find(scene.repo, { title: "x" }));
      deepEqual([error.code, error.mayExist], ["forge_timeout", false]);
      match(error.message, /did not answer within 0\.4 s/);
    },
  );
}

Deno.test("gitea: a creation that was done and never answered is found within the budget", async () => {
  await using scene = await ForgeScene.open("gitea");
  scene.forge.fail({ on: "POST", acts: true, answer: "hang" });
  const made = await scene.provisioner(4000).ensure(scene.repo, "bot 1", await publicKey());
  deepEqual(scene.keys.map(({ id }) => id), [made.id]);
  deepEqual(scene.calls.map((call) => call.split(" ")[0]), ["POST", "GET"]);
});

forEachForge(
  "an operation that is aborted ends at once, and knows whether the key may exist",
  async (scene) => {
    const aborting = async (
      run: (forge: DeployKeyProvisioner, signal: AbortSignal) => Promise<unknown>,
    ) => {
      const controller = new AbortController();
      scene.forge.onRequest = () => controller.abort();
      return await failure(() => run(scene.provisioner(), controller.signal));
    };
    const key = await publicKey();
    scene.forge.fail({ on: "POST", answer: "hang" });
    const creation = await aborting((forge, signal) =>
      forge.ensure(scene.repo, "bot 1", key, signal)
    );
    deepEqual([creation.code, creation.mayExist], ["forge_aborted", true]);
    scene.forge.fail({ on: "GET", answer: "hang" });
    const list = await aborting((forge, signal) => forge.find(scene.repo, { title: "x" }, signal));
    deepEqual([list.code, list.mayExist], ["forge_aborted", false]);
    const before = scene.calls.length;
    const never = await failure(() =>
      scene.provisioner().ensure(scene.repo, "bot 1", key, AbortSignal.abort())
    );
    deepEqual([never.code, never.mayExist], ["forge_aborted", false]);
    equal(scene.calls.length, before);
  },
);

for (const status of [301, 302, 307, 308]) {
  forEachForge(`a ${status} is an error, and nobody else is asked`, async (scene) => {
    const headers = { Location: `https://git.example.org:${scene.forge.port}/elsewhere` };
    for (const on of ["GET", "POST", "DELETE"] as const) {
      scene.forge.fail({ on, answer: { status, headers } });
    }
    const forge = scene.provisioner();
    const key = await publicKey();
    for (
      const run of [
        () => forge.find(scene.repo, { title: "x" }),
        () => forge.ensure(scene.repo, "bot 1", key),
        () => forge.revoke(scene.repo, 5),
      ]
    ) {
      const error = await failure(run);
      equal(error.code, "forge_redirect");
      match(error.message, /\/elsewhere/);
    }
    equal(scene.calls.length, 3);
  });
}

const BROKEN: readonly [string, ForgeAnswer][] = [
  ["HTML", { status: 200, text: "<html>Sign in</html>" }],
  ["nothing", { status: 200 }],
  ["torn JSON", { status: 200, text: '[{"id":1' }],
  ["no list", { status: 200, json: { id: 1 } }],
  ["a key without an id", { status: 200, json: [{ title: "x", key: "ssh-ed25519 AAAA" }] }],
  ["an id that is no number", { status: 200, json: [{ id: "../1", title: "x", key: "k" }] }],
  ["an id of zero", { status: 200, json: [{ id: 0, title: "x", key: "k" }] }],
  ["a key that is null", { status: 200, json: [null] }],
  ["more than 1 MiB", { status: 200, text: `["${"x".repeat(1024 * 1024)}"]` }],
];
forEachForge("a list that is not what the API promises is an error", async (scene) => {
  for (const [what, answer] of BROKEN) {
    scene.forge.fail({ on: "GET", answer });
    const error = await failure(() => scene.provisioner().find(scene.repo, { title: "y" }));
    equal(error.code, "forge_answer", what);
  }
  equal(scene.calls.length, BROKEN.length);
});

forEachForge("a creation whose answer cannot be read is looked up", async (scene) => {
  const other = { id: 9, title: "bot 1", key: await publicKey() };
  const answers: readonly ForgeAnswer[] = [
    { status: 201, text: "{" },
    { status: 201, json: other },
    { status: 201, text: `["${"x".repeat(1024 * 1024)}"]` },
  ];
  for (const [index, answer] of answers.entries()) {
    scene.forge.fail({ on: "POST", acts: true, answer });
    const made = await scene.provisioner().ensure(scene.repo, `bot ${index}`, await publicKey());
    equal(scene.keys.at(-1)!.id, made.id);
    equal(scene.keys.length, index + 1);
  }
});

Deno.test("gitea: owner and repository are escaped in the path", async () => {
  await using scene = await ForgeScene.open("gitea");
  scene.forge.repos.set("te am/a+b", []);
  await scene.provisioner().ensure(
    { name: "app", project: "te am/a+b" },
    "bot 1",
    await publicKey(),
  );
  equal(scene.forge.requests[0]!.path, "/api/v1/repos/te%20am/a%2Bb/keys");
});

Deno.test("a forge whose certificate is for another name, or by another authority, hears nothing", async () => {
  const authority = new TestAuthority();
  await using wrong = await ForgeScene.open("gitea", authority, "git.example.com");
  await using strange = await ForgeScene.open("gitea");
  for (const scene of [wrong, strange]) {
    const effects = wrong.effects();
    const error = await failure(() =>
      scene.provisioner(30_000, effects).ensure(scene.repo, "bot 1", "ssh-ed25519 x")
    );
    deepEqual([error.code, error.mayExist], ["forge_tls", false]);
    match(error.hint ?? "", /upstream_ca/);
    deepEqual(scene.calls, []);
  }
});
