import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { BottleError } from "../../core/errors.ts";
import { type DeployKeyPair, generateDeployKeyPair } from "../../gitgate/deploy_keys/key_pair.ts";
import { revokeLeftovers } from "../../gitgate/deploy_keys/leftovers.ts";
import { openDeployKeys } from "../../gitgate/deploy_keys/session.ts";
import { ForgeScene, PROVIDERS } from "../fakes/forges/forge_scene.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { repoAt, SessionScene } from "./session_scene.ts";

const code = (expected: string) => (error: unknown) =>
  error instanceof BottleError && error.code === expected;

/** A fake of every forge, under one authority so that one requester reaches them all. */
async function allForges(): Promise<Record<string, ForgeScene> & AsyncDisposable> {
  const authority = new TestAuthority();
  const scenes: Record<string, ForgeScene> = {};
  for (const provider of PROVIDERS) scenes[provider] = await ForgeScene.open(provider, authority);
  return Object.assign(scenes, {
    async [Symbol.asyncDispose]() {
      for (const scene of Object.values(scenes)) await scene[Symbol.asyncDispose]();
    },
  });
}

Deno.test("openDeployKeys() makes a key at each forge, and disposal leaves nothing", async () => {
  await using forges = await allForges();
  using bottle = new SessionScene();
  const repos = PROVIDERS.map((provider) => repoAt(forges[provider]!, `${provider}-app`));
  for (let round = 0; round < 2; round++) {
    bottle.events.length = 0;
    const session = await openDeployKeys(repos, bottle.deps(forges.gitea!));
    equal(session.identityFile("unknown"), undefined);
    for (const provider of PROVIDERS) {
      const path = session.identityFile(`${provider}-app`)!;
      equal(Deno.statSync(path).mode! & 0o777, 0o600);
      const { stdout } = await new Deno.Command("ssh-keygen", { args: ["-y", "-f", path] })
        .output();
      const derived = new TextDecoder().decode(stdout).trim();
      const [key, ...others] = forges[provider]!.keys;
      deepEqual(others, []);
      equal(`${key!.type} ${key!.blob}`, derived.split(" ").slice(0, 2).join(" "));
      match(key!.title, /^bot-bottle dev-x2y3z [0-9a-f]{16}$/);
      equal(key!.writable, true);
      const record = bottle.records.find(({ repo }) => repo === `${provider}-app`)!;
      deepEqual([record.key_id, record.title, record.fingerprint], [
        key!.id,
        key!.title,
        key!.fingerprint,
      ]);
    }
    equal(Deno.statSync(bottle.identityFolder).mode! & 0o777, 0o700);
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    for (const provider of PROVIDERS) deepEqual(forges[provider]!.keys, []);
    deepEqual([bottle.identities, bottle.records, bottle.warnings], [[], [], []]);
    deepEqual(bottle.events.map(({ type, repo }) => `${type} ${repo}`).sort(), [
      ...PROVIDERS.map((provider) => `deploy_key_created ${provider}-app`).sort(),
      ...PROVIDERS.map((provider) => `deploy_key_revoked ${provider}-app`).sort(),
    ]);
  }
});

Deno.test("openDeployKeys() has a durable record before the forge hears of the key", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const seen: unknown[] = [];
  scene.forge.onRequest = ({ method, body }) => {
    const { title } = (body ?? {}) as { title?: string };
    seen.push([
      method,
      bottle.records.map((record) => [record.key_id === null, record.title === title]),
    ]);
  };
  await (await openDeployKeys([repoAt(scene, "app")], bottle.deps(scene)))[Symbol.asyncDispose]();
  deepEqual(seen, [["POST", [[true, true]]], ["DELETE", [[false, false]]]]);
});

Deno.test("openDeployKeys() keeps no private key in memory that it has written", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const pairs: DeployKeyPair[] = [];
  const deps = bottle.deps(scene, {
    generate: async (comment) => {
      pairs.push(await generateDeployKeyPair(comment));
      return pairs.at(-1)!;
    },
  });
  await using session = await openDeployKeys([repoAt(scene, "app")], deps);
  match(Deno.readTextFileSync(session.identityFile("app")!), /^-----BEGIN OPENSSH/);
  ok(pairs[0]!.privateKey.every((byte) => byte === 0));
});

Deno.test("openDeployKeys() gives two names of one repository a key each", async () => {
  await using scene = await ForgeScene.open("github");
  using bottle = new SessionScene();
  const repos = [repoAt(scene, "one"), repoAt(scene, "two")];
  await using session = await openDeployKeys(repos, bottle.deps(scene));
  equal(new Set(scene.keys.map(({ blob }) => blob)).size, 2);
  ok(session.identityFile("one") !== session.identityFile("two"));
});

Deno.test("openDeployKeys() undoes what it made when one repository fails, and says which", async () => {
  await using forges = await allForges();
  using bottle = new SessionScene();
  forges.github!.permit("no-scope");
  const repos = PROVIDERS.map((provider) => repoAt(forges[provider]!, `${provider}-app`));
  await rejects(() => openDeployKeys(repos, bottle.deps(forges.gitea!)), (error) => {
    match((error as Error).message, /repository github-app .*not accessible by personal access/);
    match((error as BottleError).hint!, /GITHUB_TOKEN/);
    return code("forge_forbidden")(error);
  });
  for (const provider of PROVIDERS) deepEqual(forges[provider]!.keys, []);
  deepEqual([bottle.identities, bottle.records, bottle.warnings], [[], [], []]);
});

Deno.test("openDeployKeys() leaves a record, an event and a warning when the undoing fails", async () => {
  await using forges = await allForges();
  using bottle = new SessionScene();
  forges.github!.permit("no-scope");
  forges.gitea!.forge.fail({ on: "DELETE", always: true, answer: { status: 500 } });
  const repos = ["gitea", "github"].map((provider) => repoAt(forges[provider]!, provider));
  await rejects(() => openDeployKeys(repos, bottle.deps(forges.gitea!)), code("forge_forbidden"));
  deepEqual(bottle.records.map(({ repo, key_id }) => [repo, key_id]), [
    ["gitea", forges.gitea!.keys[0]!.id],
  ]);
  equal(bottle.events.at(-1)!.type, "deploy_key_left");
  equal(bottle.warnings.length, 1);
  match(bottle.warnings[0]!, /Cannot revoke deploy key \d+ .*; bot-bottle cleanup tries again$/);
  deepEqual(bottle.identities, []);
});

for (const acts of [true, false]) {
  Deno.test(`openDeployKeys() that is aborted during a creation (${acts ? "done" : "not done"}) leaves no key without a record`, async () => {
    await using forges = await allForges();
    using bottle = new SessionScene();
    const { gitea, github } = forges;
    const controller = new AbortController();
    // The other key is complete before the abort: both ends of an undo are seen.
    const created = Promise.withResolvers<void>();
    gitea!.forge.fail({ on: "POST", acts, answer: "hang" });
    gitea!.forge.onRequest = ({ method }) => {
      if (method === "POST") void created.promise.then(() => controller.abort());
    };
    const deps = bottle.deps(gitea!, {
      signal: controller.signal,
      record: (event) => {
        bottle.events.push(event);
        if (event.type === "deploy_key_created") created.resolve();
      },
    });
    const repos = [repoAt(gitea!, "lost"), repoAt(github!, "made")];
    await rejects(() => openDeployKeys(repos, deps), code("forge_aborted"));
    deepEqual([gitea!.keys, github!.keys, bottle.identities], [[], [], []]);
    if (acts) return deepEqual([bottle.records, bottle.warnings], [[], []]);
    // A request that was cut off may still be carried out: the record waits for that.
    deepEqual(bottle.records.map(({ repo, key_id }) => [repo, key_id]), [["lost", null]]);
    match(bottle.warnings[0]!, /cut off just now/);
    gitea!.forge.seed("team/app", bottle.records[0]!.title, bottle.records[0]!.public_key);
    const { revocations } = await revokeLeftovers(
      bottle.recordFolder,
      () => gitea!.token,
      gitea!.effects(),
    );
    deepEqual(revocations.map(({ outcome }) => outcome), ["revoked"]);
    deepEqual([gitea!.keys, bottle.records], [[], []]);
  });
}

Deno.test("openDeployKeys() asks no forge for anything when it is aborted before", async () => {
  await using scene = await ForgeScene.open("gitlab");
  using bottle = new SessionScene();
  const deps = bottle.deps(scene, { signal: AbortSignal.abort() });
  await rejects(() => openDeployKeys([repoAt(scene, "app")], deps), code("forge_aborted"));
  deepEqual([scene.calls, bottle.records], [[], []]);
});

Deno.test("openDeployKeys() finds what is wrong with any repository before a forge hears of anything", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const good = repoAt(scene, "good");
  for (
    const [bad, expected] of [
      [{ ...good, name: "bad", token: "" }, "forge_token"],
      [{ ...good, name: "bad", token: `${scene.token}\n` }, "forge_token"],
      [{ ...good, name: "bad", api: "http://git.example.org/api/v1" }, "forge_address"],
      [{ ...good, name: "bad", url: "ssh://git@git.example.org/app.git" }, "forge_address"],
    ] as const
  ) {
    await rejects(() => openDeployKeys([good, bad], bottle.deps(scene)), (error) => {
      ok(!(error as Error).message.includes(scene.token));
      return code(expected)(error);
    });
  }
  deepEqual([scene.calls, bottle.records], [[], []]);
});

Deno.test("openDeployKeys() gives up on a key pair that takes too long", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const deps = bottle.deps(scene, { generate: () => new Promise(() => {}), generationBudget: 20 });
  await rejects(() => openDeployKeys([repoAt(scene, "app")], deps), code("deploy_key_generation"));
  deepEqual([scene.calls, bottle.records], [[], []]);
});

Deno.test("openDeployKeys() asks the forge for nothing when the record cannot be written", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  Deno.writeTextFileSync(bottle.recordFolder, "no folder");
  await rejects(() => openDeployKeys([repoAt(scene, "app")], bottle.deps(scene)));
  deepEqual(scene.calls, []);
});

Deno.test("openDeployKeys() undoes a key whose identity file or event cannot be written", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const full = bottle.deps(scene, {
    record: () => {
      throw new Error("no space left");
    },
  });
  await rejects(() => openDeployKeys([repoAt(scene, "app")], full), /no space left/);
  deepEqual([scene.keys, bottle.records, bottle.identities], [[], [], []]);
  match(bottle.warnings.join(), /an event cannot be stored: no space left/);

  Deno.removeSync(bottle.identityFolder);
  Deno.writeTextFileSync(bottle.identityFolder, "no folder");
  await rejects(() => openDeployKeys([repoAt(scene, "app")], bottle.deps(scene)));
  deepEqual([scene.keys, bottle.records], [[], []]);
});

Deno.test("disposal of a session never rejects, and keeps the record of what it could not revoke", async () => {
  await using scene = await ForgeScene.open("gitlab");
  using bottle = new SessionScene();
  const session = await openDeployKeys([repoAt(scene, "app")], bottle.deps(scene));
  scene.forge.tokens.clear();
  await session[Symbol.asyncDispose]();
  deepEqual([bottle.identities, bottle.records.length, scene.keys.length], [[], 1, 1]);
  match(bottle.warnings[0]!, /401.*bot-bottle cleanup/);
  equal(bottle.events.at(-1)!.type, "deploy_key_left");

  scene.forge.tokens.set(scene.token, "admin");
  const asked: string[] = [];
  const cleanup = (token: string | undefined) =>
    revokeLeftovers(bottle.recordFolder, ({ token_ref, api }) => {
      asked.push(`${token_ref} ${api}`);
      return token;
    }, scene.effects());
  const without = await cleanup(undefined);
  equal(without.revocations[0]!.outcome, "kept");
  const { error } = without.revocations[0]!;
  ok(code("deploy_key_no_token")(error));
  match((error as BottleError).hint!, /GITLAB_TOKEN/);
  deepEqual((await cleanup(scene.token)).revocations.map(({ outcome }) => outcome), ["revoked"]);
  deepEqual(asked, Array.from({ length: 2 }, () => `GITLAB_TOKEN ${scene.forge.api}`));
  deepEqual([bottle.records, scene.keys], [[], []]);
  deepEqual(await cleanup(scene.token), { revocations: [], unreadable: [] });
});

for (const provider of PROVIDERS) {
  Deno.test(`${provider}: a key that somebody else removed counts as revoked`, async () => {
    await using scene = await ForgeScene.open(provider);
    using bottle = new SessionScene();
    const session = await openDeployKeys([repoAt(scene, "app")], bottle.deps(scene));
    scene.forge.repos.set(scene.project, []);
    await session[Symbol.asyncDispose]();
    deepEqual([bottle.records, bottle.warnings], [[], []]);
    equal(bottle.events.at(-1)!.type, "deploy_key_revoked");
  });
}

Deno.test("revokeLeftovers() sends no token to an API that is not https", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  const session = await openDeployKeys([repoAt(scene, "app")], bottle.deps(scene));
  const path = `${bottle.recordFolder}/${bottle.records[0]!.nonce}.json`;
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace("https://", "http://"));
  const before = scene.calls.length;
  const { revocations } = await revokeLeftovers(
    bottle.recordFolder,
    () => scene.token,
    scene.effects(),
  );
  ok(code("forge_address")(revocations[0]!.error));
  equal(scene.calls.length, before);
  Deno.writeTextFileSync(path, text);
  await session[Symbol.asyncDispose]();
  deepEqual(scene.keys, []);
});
