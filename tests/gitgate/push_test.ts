import assert from "node:assert/strict";
import { GitClient } from "./git_client.ts";
import { GateScene } from "./gate_scene.ts";

Deno.test("the gate lets git do its daily work", async (t) => {
  await using scene = await GateScene.start({
    repo: { allow_force: false, push_options: ["ci.*"] },
  });
  const client = await scene.clone();
  const arrived = async (ref: string, commit: string) =>
    assert.equal(await scene.upstreamRef(ref), commit);

  await t.step("clone shows the upstream's default branch", async () => {
    assert.equal((await client.git("symbolic-ref", "HEAD")).trim(), "refs/heads/main");
  });
  await t.step("push a branch, and the same branch again", async () => {
    for (const text of ["one\n", "two\n"]) {
      const commit = await client.commit("Change", { "a.txt": text });
      const { code, stderr } = await client.push("origin", "HEAD:refs/heads/work");
      assert.equal(code, 0, stderr);
      await arrived("refs/heads/work", commit);
    }
  });
  await t.step("push what is there already", async () => {
    const { code, stderr } = await client.push("origin", "HEAD:refs/heads/work");
    assert.equal(code, 0);
    assert.match(stderr, /Everything up-to-date/);
  });
  await t.step("push a branch without new objects", async () => {
    const { code, stderr } = await client.push("origin", "HEAD~1:refs/heads/older");
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/older", (await client.git("rev-parse", "HEAD~1")).trim());
  });
  await t.step("push tags, light and annotated", async () => {
    await client.git("tag", "v1");
    await client.git("tag", "-a", "v2", "-m", "Second");
    const { code, stderr } = await client.push("origin", "v1", "v2");
    assert.equal(code, 0, stderr);
    await arrived("refs/tags/v2", (await client.git("rev-parse", "v2")).trim());
  });
  await t.step("fetch what others pushed past the gate", async () => {
    const other = await scene.direct();
    const commit = await other.commit("Other", { "other.txt": "other\n" });
    await other.git("push", "-q", "origin", "main");
    await client.git("fetch", "-q", "origin");
    assert.equal((await client.git("rev-parse", "origin/main")).trim(), commit);
  });
  await t.step("push a new branch from an old base", async () => {
    await client.git("checkout", "-q", "-b", "old-base", "origin/main~1");
    const commit = await client.commit("From the past", { "past.txt": "past\n" });
    const { code, stderr } = await client.push("origin", "HEAD");
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/old-base", commit);
  });
  await t.step("push several branches at once, atomically", async () => {
    const commit = await client.commit("Both", { "both.txt": "both\n" });
    const { code, stderr } = await client.push(
      "--atomic",
      "origin",
      "HEAD:refs/heads/b1",
      "HEAD:refs/heads/b2",
    );
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/b1", commit);
    await arrived("refs/heads/b2", commit);
  });
  await t.step("push an unrelated history", async () => {
    await client.git("checkout", "-q", "--orphan", "pages");
    const commit = await client.commit("Pages", { "index.html": "<p>hello\n" });
    const { code, stderr } = await client.push("origin", "pages");
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/pages", commit);
  });
  await t.step("push from a shallow clone", async () => {
    const shallow = await GitClient.clone(scene.url, `${scene.folder}/shallow`, "--depth=1");
    const commit = await shallow.commit("Shallow", { "shallow.txt": "s\n" });
    const { code, stderr } = await shallow.push("origin", "HEAD:refs/heads/shallow");
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/shallow", commit);
  });
  await t.step("push with the first version of the protocol", async () => {
    await client.commit("Old git", { "old.txt": "old\n" });
    const { code, stderr } = await client.try(
      "-c",
      "protocol.version=0",
      "push",
      "origin",
      "HEAD:refs/heads/v0",
    );
    assert.equal(code, 0, stderr);
    await client.git("-c", "protocol.version=0", "fetch", "-q", "origin");
  });
  await t.step("pass an allowed push option on, and refuse another", async () => {
    await GitClient.run(scene.upstreamPath, "config", "receive.advertisePushOptions", "true");
    await client.commit("Option", { "option.txt": "1\n" });
    const allowed = await client.push("-o", "ci.skip", "origin", "HEAD:refs/heads/option");
    assert.equal(allowed.code, 0, allowed.stderr);
    const refused = await client.push("-o", "merge", "origin", "HEAD:refs/heads/option2");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /remote: git-gate: refused: the push option "merge" is not passed on/,
    );
  });
  await t.step("refuse a push that is not a fast-forward", async () => {
    await client.git("checkout", "-q", "-B", "rewritten", "origin/work~1");
    await client.commit("Other end", { "a.txt": "three\n" });
    const before = await scene.upstreamRef("refs/heads/work");
    const { code, stderr } = await client.push("--force", "origin", "HEAD:refs/heads/work");
    assert.equal(code, 1);
    assert.match(stderr, /force pushes are not allowed here/);
    assert.equal(await scene.upstreamRef("refs/heads/work"), before);
  });
  await t.step("refuse to delete a branch and to move a tag", async () => {
    const deleted = await client.push("origin", ":refs/heads/older");
    assert.match(deleted.stderr, /deleting refs is not allowed here/);
    const moved = await client.push("--force", "origin", "HEAD:refs/tags/v1");
    assert.match(moved.stderr, /moving a tag is not allowed here/);
    assert.notEqual(await scene.upstreamRef("refs/heads/older"), undefined);
  });
  await t.step("push 2,000 commits", async () => {
    await client.git("checkout", "-q", "-b", "many", "origin/main");
    const stream = Array.from(
      { length: 2000 },
      (_, index) =>
        `commit refs/heads/many\ncommitter Ada <ada@example.org> ${
          1700000000 + index
        } +0000\ndata 6\nNumber\n${index === 0 ? "from refs/heads/many^0\n" : ""}M 100644 inline f${
          index % 40
        }.txt\ndata ${`${index}\n`.length}\n${index}\n`,
    ).join("");
    await client.with({ stdin: stream }, "fast-import", "--quiet");
    const { code, stderr } = await client.push("origin", "many");
    assert.equal(code, 0, stderr);
    await arrived("refs/heads/many", (await client.git("rev-parse", "many")).trim());
  });
  await t.step("keep a mirror that git finds whole", async () => {
    const { code, stderr } = await GitClient.try(
      `${scene.gateFolder}/mirrors/app.git`,
      "fsck",
      "--full",
      "--strict",
    );
    assert.equal(code, 0, stderr);
  });
  assert.deepEqual(scene.defects, []);
});

Deno.test("the gate deletes and forces where the repository allows it", async () => {
  await using scene = await GateScene.start({ repo: { allow_force: true, allow_delete: true } });
  const client = await scene.clone();
  await client.commit("One", { "a.txt": "1\n" });
  await client.push("origin", "HEAD:refs/heads/w", "HEAD:refs/tags/t");
  await client.git("commit", "-q", "--amend", "-m", "Other");
  const forced = await client.push("--force", "origin", "HEAD:refs/heads/w", "HEAD:refs/tags/t");
  assert.equal(forced.code, 0, forced.stderr);
  assert.equal(
    await scene.upstreamRef("refs/heads/w"),
    (await client.git("rev-parse", "HEAD")).trim(),
  );
  const deleted = await client.push("origin", ":refs/heads/w", ":refs/tags/t");
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.equal(await scene.upstreamRef("refs/heads/w"), undefined);
  assert.deepEqual(scene.defects, []);
});

Deno.test("the gate takes two pushes at once", async () => {
  await using scene = await GateScene.start();
  const clients = await Promise.all([scene.clone(), scene.clone()]);
  const pushes = await Promise.all(clients.map(async (client, index) => {
    const commit = await client.commit(`Client ${index}`, { [`c${index}.txt`]: "x\n" });
    return { commit, answer: await client.push("origin", `HEAD:refs/heads/c${index}`) };
  }));
  for (const [index, { commit, answer }] of pushes.entries()) {
    assert.equal(answer.code, 0, answer.stderr);
    assert.equal(await scene.upstreamRef(`refs/heads/c${index}`), commit);
  }
  // Both want the same branch: one wins, the other is told to fetch.
  const same = await Promise.all(clients.map(async (client, index) => {
    await client.commit(`Again ${index}`, { [`s${index}.txt`]: "x\n" });
    return await client.push("origin", "HEAD:refs/heads/same");
  }));
  assert.deepEqual(same.map(({ code }) => code).toSorted(), [0, 1]);
  assert.match(same.map(({ stderr }) => stderr).join(""), /fetch first/);
});

Deno.test("only refs that the repository names may be pushed", async () => {
  await using scene = await GateScene.start({ repo: { refs: ["refs/heads/agent/*"] } });
  const client = await scene.clone();
  await client.commit("Change", { "a.txt": "a\n" });
  const main = await client.push("origin", "HEAD:refs/heads/main");
  assert.equal(main.code, 1);
  assert.match(main.stderr, /only refs\/heads\/agent\/\* may be pushed/);
  assert.equal((await client.push("origin", "HEAD:refs/heads/agent/x")).code, 0);
});

Deno.test("the bottle's own credential and canary are found in every encoding", async (t) => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  const forms: Record<string, (value: string) => string> = {
    "as it is": (value) => value,
    base64: (value) => btoa(`x${value}`),
    hex: (value) => [...value].map((c) => c.charCodeAt(0).toString(16)).join(""),
    percent: (value) => [...value].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(""),
    reversed: (value) => [...value].reverse().join(""),
    "one character a line": (value) => [...value].join("\n"),
    "with an allow comment": (value) => `${value} # gitleaks:allow`,
  };
  for (const [name, value] of [["credential", scene.secret], ["canary", scene.canary]] as const) {
    for (const [form, encode] of Object.entries(forms)) {
      await t.step(`${name}, ${form}`, async () => {
        await client.git("checkout", "-q", "-B", "leak", "origin/main");
        await client.commit("Leak", { "notes.txt": `${encode(value)}\n` });
        const { code, stderr } = await client.push("origin", "HEAD:refs/heads/leak");
        assert.equal(code, 1);
        assert.match(stderr, /a credential of this bottle in notes\.txt/);
        assert.doesNotMatch(stderr, /gitleaks:allow|FALCON|canary/);
      });
    }
  }
  await t.step("as the name of a submodule's commit", async () => {
    await client.git("checkout", "-q", "-B", "leak", "origin/main");
    const id = [...scene.canary.slice(0, 20)].map((c) => c.charCodeAt(0).toString(16)).join("");
    await client.git("update-index", "--add", "--cacheinfo", `160000,${id},sub`);
    await client.git("commit", "-q", "-m", "Submodule");
    assert.match(
      (await client.push("origin", "HEAD:refs/heads/leak")).stderr,
      /a credential of this bottle/,
    );
  });
  assert.equal(JSON.stringify(scene.events).includes(scene.secret), false);
  assert.equal(await scene.upstreamRef("refs/heads/leak"), undefined);
});
