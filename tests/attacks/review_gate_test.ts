import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  type AttackStage,
  AttackStage as Stage,
  NOTHING,
  pkt,
  text,
} from "../gitgate/attack_stage.ts";
import { zipOf } from "../gitgate/attack_rows.ts";
import { GateScene } from "../gitgate/gate_scene.ts";
import { GitClient } from "../gitgate/git_client.ts";

const line = (token: string) => `token = ${token}\n`;

/** Runs one attempt against the scene's gate from a fresh clone. */
async function staged<T>(
  scene: GateScene,
  attempt: (stage: AttackStage) => Promise<T>,
): Promise<T> {
  await using stage = await Stage.open(scene.url, "r/", 60_000);
  return await attempt(stage);
}

/** A zip with one stored file, as Info-ZIP makes of what does not get smaller. */
function storedZip(name: string, content: Uint8Array): Buffer {
  const zip = zipOf(name, content);
  const deflated = deflateRawSync(content).length;
  const head = Buffer.from(zip.subarray(0, 30 + name.length));
  head.writeUInt16LE(0, 8);
  head.writeUInt32LE(content.length, 18);
  const tail = Buffer.from(zip.subarray(30 + name.length + deflated));
  tail.writeUInt16LE(0, 10);
  tail.writeUInt32LE(content.length, 20);
  tail.writeUInt32LE(30 + name.length + content.length, tail.length - 6);
  return Buffer.concat([head, content, tail]);
}

Deno.test("a branch that is called like an object's id does not take its place in a push", async () => {
  await using scene = await GateScene.start();
  await staged(scene, async ({ client, url }) => {
    const first = (await client.git("rev-parse", "HEAD")).trim();
    await client.commit("Second", { "b.txt": "b\n" });
    assert.equal((await client.push(url, "HEAD:refs/heads/main")).code, 0);
    const third = await client.commit("Third", { "c.txt": "c\n" });
    const refused = await client.push(url, `${first}:refs/heads/${third}`);
    assert.match(refused.stderr, /looks like an object's id/);
    // Somebody else may have such a branch there; git takes its value where an id is meant.
    await GitClient.run(scene.upstreamPath, "update-ref", `refs/heads/${third}`, first);
    const { code, stderr } = await client.push(url, "HEAD:refs/heads/main");
    assert.equal(code, 0, stderr);
    assert.equal(await scene.upstreamRef("refs/heads/main"), third);
  });
});

Deno.test("the gate refuses what looks harmless only at a glance", async (t) => {
  await using scene = await GateScene.start({
    repo: { refs: ["refs/heads/*", "refs/tags/*", "refs/agent/*"] },
  });
  const refused = (what: string, attempt: Parameters<typeof staged>[1]) =>
    t.step(what, async () => {
      const result = await staged(scene, attempt) as { accepted: boolean; said: string };
      assert.equal(result.accepted, false, result.said);
    });
  await refused(
    "a gzip that a zip stores as it is",
    (stage) => stage.pushFiles({ "a.zip": storedZip("a.gz", gzipSync(text(line(stage.token)))) }),
  );
  await refused(
    "a compressed file behind a harmless one, in one zstd file",
    (stage) =>
      stage.pushFiles({
        "a.zst": Buffer.concat([
          zstdCompressSync(text("harmless\n")),
          zstdCompressSync(text(line(stage.token))),
        ]),
      }),
  );
  await refused("a stored archive whose size is a lie", (stage) => {
    const zip = storedZip("a.gz", gzipSync(text(line(stage.token))));
    zip.writeUInt32LE(4, 18);
    return stage.pushFiles({ "a.zip": zip });
  });
  await refused("a header that looks like an id", async (stage) => {
    const { client } = stage;
    await client.commit("Head", { "h.txt": "h\n" });
    const raw = await client.git("cat-file", "commit", "HEAD");
    const hex = Buffer.from(scene.secret).toString("hex");
    const rows = [hex.slice(0, 40), hex.slice(40, 80), hex.slice(80, 120), hex.slice(120, 160)];
    const more = rows.filter((row) => row.length === 40).map((row) => `\nparent ${row}`).join("");
    const id = await client.store("commit", raw.replace("\n\n", `${more}\n\n`));
    return await stage.push(stage.branch(), id);
  });
  await refused(
    "a ref of another place that is moved by a tag of something else",
    async (stage) => {
      const { client, url } = stage;
      await client.commit("One", { "one.txt": "1\n" });
      await client.push(url, "HEAD:refs/agent/x");
      await client.git("checkout", "-q", "--orphan", "other");
      await client.commit("Two", { "two.txt": "2\n" });
      await client.git("tag", "-a", "moved", "-m", "Moved");
      return await stage.push("refs/agent/x", "moved", "--force");
    },
  );
  await refused("a git bundle", async (stage) => {
    const { client } = stage;
    await client.commit("Secret", { "s.txt": line(stage.token) });
    await client.git("bundle", "create", "../b.bundle", "HEAD");
    await client.git("reset", "-q", "--hard", "HEAD~1");
    return await stage.pushFiles({ "b.bundle": Deno.readFileSync(`${client.path}/../b.bundle`) });
  });
  assert.deepEqual(scene.defects, []);
});

Deno.test("a client that sends its pack byte by byte does not keep others from pushing", async () => {
  await using scene = await GateScene.start({ gate: { timeouts: { scan: 8_000 } } });
  const client = await scene.clone();
  const commit = await client.commit("Fine", { "fine.txt": "fine\n" });
  using slow = await Deno.connect({ hostname: "127.0.0.1", port: scene.gate.port });
  const command = pkt(`${NOTHING} ${commit} refs/heads/slow\0report-status`);
  const head =
    "POST /app.git/git-receive-pack HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
  const pack = Buffer.from("PACK\0\0\0\x02\0\0\0\x01", "latin1");
  await slow.write(Buffer.concat([text(head), command, text("0000"), pack]));
  const timer = setInterval(() => void slow.write(new Uint8Array([0x78])).catch(() => 0), 100);
  try {
    const { code, stderr } = await client.push(scene.url, "HEAD:refs/heads/fine");
    assert.equal(code, 0, stderr);
  } finally {
    clearInterval(timer);
  }
});

Deno.test("paths that are long together are refused before they fill the memory", async () => {
  await using scene = await GateScene.start();
  await staged(scene, async ({ client, url }) => {
    const files = Array.from(
      { length: 36_000 },
      (_, at) => `M 100644 inline d/${at}\ndata <<E\n${at}\nE\n`,
    );
    const who = "committer Ada <ada@example.org> 1700000000 +0000\ndata 1\nx\n";
    await client.with(
      { stdin: `commit refs/heads/x\n${who}${files.join("")}` },
      "fast-import",
      "--quiet",
    );
    const leaves = (await client.git("rev-parse", "x:d")).trim();
    const tree = await client.with(
      { stdin: `040000 tree ${leaves}\t${"d".repeat(4000)}\n` },
      "mktree",
    );
    const commit = await client.with({}, "commit-tree", "-m", "Long", tree);
    const { stderr } = await client.push(url, `${commit}:refs/heads/long`);
    assert.match(stderr, /git-gate: push_too_large/);
    const deep = await client.with(
      { stdin: `040000 tree ${tree}\t${"e".repeat(4000)}\n` },
      "mktree",
    );
    const other = await client.with({}, "commit-tree", "-m", "Deep", deep);
    assert.match((await client.push(url, `${other}:refs/heads/deep`)).stderr, /path_too_long/);
  });
  assert.deepEqual(scene.defects, []);
});

Deno.test("a fetch request of millions of lines is refused, and the next one is served", async () => {
  await using scene = await GateScene.start();
  await staged(scene, async (stage) => {
    const bomb = gzipSync(Buffer.from("0005x".repeat(3_000_000)));
    for (let round = 0; round < 2; round++) {
      const said = await stage.post("git-upload-pack", bomb, { "content-encoding": "gzip" });
      assert.match(said, /^413 git-gate: the request has too many lines/);
    }
    await stage.client.git("fetch", "-q", "origin");
  });
  assert.deepEqual(scene.defects, []);
});
