/**
 * Attacks on a push gate, as data: each prepares a repository, pushes, and says whether the gate took it. The tests of
 * this gate and `scripts/gate-check` run the same table.
 */
import { Buffer } from "node:buffer";
import { deflateRawSync, gzipSync } from "node:zlib";
import {
  type AttackStage,
  type Attempt,
  join8,
  madeUpToken,
  NOTHING,
  text,
} from "./attack_stage.ts";

/** One attack. */
export interface AttackRow {
  /** As in the list of attack cases, with a letter where one has several forms. */
  readonly id: string;
  readonly what: string;
  /** `refused` for attacks; the others show that the gate is open at all. */
  readonly expected: "refused" | "accepted";
  attempt(stage: AttackStage): Promise<Attempt>;
}

function attack(id: string, what: string, attempt: AttackRow["attempt"]): AttackRow {
  return { id, what, expected: "refused", attempt };
}

function harmless(id: string, what: string, attempt: AttackRow["attempt"]): AttackRow {
  return { id, what, expected: "accepted", attempt };
}

const line = (token: string) => `token = ${token}\n`;

/** A zip with one deflated file. */
export function zipOf(name: string, content: Uint8Array): Buffer {
  const data = deflateRawSync(content);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  const directory = Buffer.alloc(46);
  directory.writeUInt32LE(0x02014b50, 0);
  header.copy(directory, 6, 4, 30);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([header, Buffer.from(name), data, directory, Buffer.from(name), end]);
}

/** A tar with one file. */
export function tarOf(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(content.length.toString(8).padStart(11, "0"), 124);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\0" + "00", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - content.length % 512) % 512 + 1024);
  return Buffer.concat([header, content, padding]);
}

/** Text that no scanner minds. */
function filler(bytes: number): string {
  return "the quick brown fox jumps over the lazy dog\n".repeat(Math.ceil(bytes / 44)).slice(
    0,
    bytes,
  );
}

/** Attacks with content. */
const CONTENT: readonly AttackRow[] = [
  attack("D1", "content that only a merge commit has", async (stage) => {
    const { client, token } = stage;
    await client.git("checkout", "-q", "-b", "side");
    await client.commit("Side", { "side.txt": "side\n" });
    await client.git("checkout", "-q", "-");
    await client.commit("Main", { "main.txt": "main\n" });
    await client.git("merge", "-q", "--no-ff", "--no-commit", "side");
    await client.commit("Merge", { "merged.txt": line(token) });
    return await stage.pushHead();
  }),
  attack("D2", "a file that becomes a symbolic link", async (stage) => {
    await Deno.remove(`${stage.client.path}/README.md`).catch(() => undefined);
    await Deno.symlink(stage.token, `${stage.client.path}/README.md`);
    await stage.client.commit("Link", {});
    return await stage.pushHead();
  }),
  attack(
    "D3",
    "a file with a NUL byte",
    (stage) => stage.pushFiles({ "data.txt": `a\0b\n${line(stage.token)}` }),
  ),
  attack(
    "D3b",
    "a file that begins like a program",
    (stage) =>
      stage.pushFiles({
        "data.txt": join8([
          new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]),
          text(line(stage.token)),
        ]),
      }),
  ),
  attack(
    "D4",
    "a UTF-16 file",
    (stage) =>
      stage.pushFiles({ "wide.txt": Buffer.from(`\ufeff${line(stage.token)}`, "utf16le") }),
  ),
  attack(
    "D4b",
    "a UTF-16 file, big-endian, without a mark, behind narrow text",
    (stage) =>
      stage.pushFiles({
        "wide.txt": Buffer.concat([
          Buffer.from(filler(700)),
          Buffer.from(line(stage.token), "utf16le").swap16(),
        ]),
      }),
  ),
  attack(
    "D5",
    "a file that .gitattributes takes out of diffs",
    (stage) =>
      stage.pushFiles({
        ".gitattributes": "* -diff\n*.txt binary\n",
        "plain.txt": line(stage.token),
      }),
  ),
  attack("D6", "a secret that a later commit of the push removes", async (stage) => {
    await stage.client.commit("Add", { "once.txt": line(stage.token) });
    await stage.client.git("rm", "-q", "once.txt");
    await stage.client.commit("Remove", {});
    return await stage.pushHead();
  }),
  attack(
    "D6b",
    "a secret below 12 MB of text",
    (stage) => stage.pushFiles({ "large.txt": `${filler(12_000_000)}${line(stage.token)}` }),
  ),
  attack(
    "D10",
    "an ordinary commit",
    (stage) => stage.pushFiles({ "plain.txt": line(stage.token) }),
  ),
];

/** Attacks with everything that is no content. */
const NAMES: readonly AttackRow[] = [
  attack("D7a", "a commit message", async (stage) => {
    await stage.client.commit(`Use ${stage.token}`, { "a.txt": "a\n" });
    return await stage.pushHead();
  }),
  attack("D7b", "the message of an empty commit", async (stage) => {
    await stage.client.commit(`Nothing\n\n${line(stage.token)}`, {});
    return await stage.pushHead();
  }),
  attack("D7c", "an author's name", async (stage) => {
    await stage.client.with(
      { env: { GIT_AUTHOR_NAME: stage.token } },
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "By",
    );
    return await stage.pushHead();
  }),
  attack("D7d", "a committer's address", async (stage) => {
    const env = { GIT_COMMITTER_EMAIL: `${stage.token}@example.org` };
    await stage.client.with({ env }, "commit", "-q", "--allow-empty", "-m", "By");
    return await stage.pushHead();
  }),
  attack("D7e", "a further header of a commit", async (stage) => {
    const { client } = stage;
    await client.commit("Head", { "h.txt": "h\n" });
    const raw = await client.git("cat-file", "commit", "HEAD");
    const id = await client.store("commit", raw.replace("\n\n", `\nnote ${stage.token}\n\n`));
    return await stage.push(stage.branch(), id);
  }),
  attack(
    "D7f",
    "the name of a branch",
    (stage) => stage.push(`refs/heads/${stage.prefix}${stage.token}`, "HEAD"),
  ),
  attack("D7g", "the name of a tag", (stage) => stage.push(`refs/tags/${stage.token}`, "HEAD")),
  attack("D7h", "the message of a tag", async (stage) => {
    await stage.client.git("tag", "-a", "v-check", "-m", `Release ${stage.token}`);
    return await stage.push(`refs/tags/check-${crypto.randomUUID().slice(0, 8)}`, "v-check");
  }),
  attack(
    "D7i",
    "the name of a file",
    (stage) => stage.pushFiles({ [`${stage.token}.txt`]: "x\n" }),
  ),
  attack(
    "D7j",
    "the name of a folder",
    (stage) => stage.pushFiles({ [`${stage.token}/a.txt`]: "x\n" }),
  ),
  attack(
    "D7k",
    "the name of a file whose content is known",
    (stage) =>
      stage.pushFiles({
        [`copy-${stage.token}`]: Deno.readFileSync(`${stage.client.path}/README.md`),
      }),
  ),
  attack("D7l", "a note", async (stage) => {
    await stage.client.git("notes", "add", "-m", stage.token);
    return await stage.push("refs/notes/commits", "refs/notes/commits");
  }),
  attack("D8", "a commit that only a tag reaches", async (stage) => {
    await stage.client.commit("Tagged", { "t.txt": line(stage.token) });
    return await stage.push(`refs/tags/check-${crypto.randomUUID().slice(0, 8)}`, "HEAD");
  }),
  attack("D8b", "a tag of a file", async (stage) => {
    const id = await stage.client.store("blob", line(stage.token));
    return await stage.push(`refs/tags/check-${crypto.randomUUID().slice(0, 8)}`, id);
  }),
  attack("D8c", "a tag of a tag", async (stage) => {
    await stage.client.git("tag", "-a", "inner", "-m", stage.token);
    await stage.client.git("tag", "-a", "outer", "-m", "Outer", "inner");
    return await stage.push(`refs/tags/check-${crypto.randomUUID().slice(0, 8)}`, "outer");
  }),
  attack("D9", "an object in the pack that no ref reaches", async (stage) => {
    const { client } = stage;
    const commit = await client.commit("Clean", { "clean.txt": "clean\n" });
    const hidden = await client.store("blob", line(stage.token));
    const ids = (await client.git("rev-list", "--objects", "HEAD", "--not", "--remotes"))
      .split("\n").filter(Boolean).map((row) => row.slice(0, 40));
    return await stage.pushRaw(
      [[NOTHING, commit, stage.branch()]],
      await stage.pack([...ids, hidden]),
    );
  }),
];

/** Attacks on the scanner's own rules. */
const SCANNER: readonly AttackRow[] = [
  attack(
    "D11a",
    "a gitleaks:allow comment, without anybody's approval",
    (stage) => stage.pushFiles({ "a.ts": `const token = "${stage.token}"; // gitleaks:allow\n` }),
  ),
  attack(
    "D11b",
    "a betterleaks:allow comment, without anybody's approval",
    (stage) =>
      stage.pushFiles({ "a.ts": `const token = "${stage.token}"; // betterleaks:allow\n` }),
  ),
  attack("D11c", "a .gitleaks.toml that allows everything", (stage) =>
    stage.pushFiles({
      ".gitleaks.toml": `title = "none"\n[allowlist]\nregexes = ['''.*''']\npaths = ['''.*''']\n`,
      "a.txt": line(stage.token),
    })),
  attack(
    "D11d",
    "a .gitleaksignore for the finding",
    (stage) =>
      stage.pushFiles({ ".gitleaksignore": "a.txt:github-pat:1\n", "a.txt": line(stage.token) }),
  ),
  attack(
    "D11e",
    "a lock file",
    (stage) => stage.pushFiles({ "package-lock.json": line(stage.token) }),
  ),
  attack(
    "D11f",
    "a file in node_modules",
    (stage) => stage.pushFiles({ "node_modules/a/index.js": line(stage.token) }),
  ),
  attack(
    "D11g",
    "text in a file that is named like an image",
    (stage) => stage.pushFiles({ "logo.png": line(stage.token) }),
  ),
  attack(
    "D11h",
    "a file named gitleaks.toml",
    (stage) => stage.pushFiles({ "my-gitleaks.toml": line(stage.token) }),
  ),
  attack(
    "D11i",
    "a value that ends with an exempt word",
    (stage) => stage.pushFiles({ "a.txt": line(madeUpToken("null")) }),
  ),
  attack(
    "D12a",
    "a zip",
    (stage) => stage.pushFiles({ "a.zip": zipOf("a.txt", text(line(stage.token))) }),
  ),
  attack(
    "D12b",
    "a zip behind other bytes",
    (stage) =>
      stage.pushFiles({
        "a.run": Buffer.concat([
          Buffer.from(filler(5_000)),
          zipOf("a.txt", text(line(stage.token))),
        ]),
      }),
  ),
  attack(
    "D12c",
    "a zip in a zip",
    (stage) =>
      stage.pushFiles({ "a.jar": zipOf("b.jar", zipOf("a.txt", text(line(stage.token)))) }),
  ),
  attack(
    "D12d",
    "a tar",
    (stage) => stage.pushFiles({ "a.tar": tarOf("a.txt", text(line(stage.token))) }),
  ),
  attack(
    "D12e",
    "a compressed tar",
    (stage) => stage.pushFiles({ "a.tgz": gzipSync(tarOf("a.txt", text(line(stage.token)))) }),
  ),
  attack(
    "D12f",
    "a compressed file in a tar in a zip",
    (stage) =>
      stage.pushFiles({
        "a.zip": zipOf("b.tar", tarOf("a.gz", gzipSync(text(line(stage.token))))),
      }),
  ),
  attack(
    "D12g",
    "base64",
    (stage) =>
      stage.pushFiles({ "a.txt": `${Buffer.from(line(stage.token)).toString("base64")}\n` }),
  ),
  attack(
    "D12h",
    "an archive in a format that cannot be opened",
    (stage) =>
      stage.pushFiles({
        "a.7z": join8([
          new Uint8Array([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]),
          text(line("x")),
        ]),
      }),
  ),
];

/** Attacks on refs and on the protocol. */
const PROTOCOL: readonly AttackRow[] = [
  attack("D13a", "refs/replace", async (stage) => {
    await stage.client.commit("Other", { "o.txt": "o\n" });
    const old = (await stage.client.git("rev-parse", "HEAD~1")).trim();
    return await stage.push(`refs/replace/${old}`, "HEAD");
  }),
  attack("D13b", "refs/hidden", (stage) => stage.push("refs/hidden/check", "HEAD")),
  attack("D13c", "HEAD itself", async (stage) => {
    const commit = await stage.client.commit("Head", { "h.txt": "h\n" });
    return await stage.pushRaw([[NOTHING, commit, "HEAD"]], await stage.pack([commit]));
  }),
  attack("D13d", "a ref that climbs out of its folder", async (stage) => {
    const commit = await stage.client.commit("Climb", { "h.txt": "h\n" });
    const ids = await newIds(stage);
    return await stage.pushRaw(
      [[NOTHING, commit, "refs/heads/../../config"]],
      await stage.pack(ids),
    );
  }),
  attack("D13e", "a clean ref and a bad one in the same push", async (stage) => {
    const clean = await stage.client.commit("Clean", { "c.txt": "c\n" });
    const bad = await stage.client.commit("Bad", { "b.txt": line(stage.token) });
    const refs = [stage.branch(), stage.branch()] as const;
    return await stage.pushRaw(
      [[NOTHING, clean, refs[0]], [NOTHING, bad, refs[1]]],
      await stage.pack(await newIds(stage)),
    );
  }),
  attack("D14a", "a push option", async (stage) => {
    const commit = await stage.client.commit("Option", { "o.txt": "o\n" });
    return await stage.pushRaw(
      [[NOTHING, commit, stage.branch()]],
      await stage.pack(await newIds(stage)),
      "report-status push-options",
      [`note=${stage.token}`],
    );
  }),
  attack("D14b", "a push option with a line break", async (stage) => {
    const commit = await stage.client.commit("Option", { "o.txt": "o\n" });
    return await stage.pushRaw(
      [[NOTHING, commit, stage.branch()]],
      await stage.pack(await newIds(stage)),
      "report-status push-options",
      ["ci.skip\nmerge_request.create"],
    );
  }),
  attack(
    "D16",
    "a submodule whose URL is an option",
    (stage) =>
      stage.pushFiles({ ".gitmodules": '[submodule "a"]\n\tpath = a\n\turl = -u./payload\n' }),
  ),
  attack("D17", "a line break in the repository's path", async (stage) => {
    const response = await fetch(
      `${
        stage.url.replace(/\.git$/, "")
      }%0ahost=evil.example.git/info/refs?service=git-upload-pack`,
    );
    const said = `${response.status} ${await response.text()}`;
    return { accepted: response.ok, said };
  }),
  attack("D18a", "a gzip bomb as a fetch request", async (stage) => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const said = await stage.post("git-upload-pack", bomb, { "content-encoding": "gzip" });
    return { accepted: said.startsWith("200"), said };
  }),
  attack("D18b", "a gzip bomb as a push", async (stage) => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024, 0x30));
    const said = await stage.post("git-receive-pack", bomb, { "content-encoding": "gzip" });
    return { accepted: said.startsWith("200") && / ok /.test(said), said };
  }),
  attack("D18c", "a malformed pkt-line", async (stage) => {
    const said = await stage.post("git-receive-pack", text("zzzz what is this"));
    return { accepted: said.startsWith("200"), said };
  }),
  attack("D18d", "a pkt-line that is longer than its body", async (stage) => {
    const said = await stage.post("git-receive-pack", text("fff0short"));
    return { accepted: said.startsWith("200"), said };
  }),
  attack("D18e", "a pack that announces four thousand million objects", async (stage) => {
    const commit = await stage.client.commit("Many", { "m.txt": "m\n" });
    const pack = await stage.pack(await newIds(stage));
    new DataView(pack.buffer, pack.byteOffset).setUint32(8, 0xffffffff);
    return await stage.pushRaw([[NOTHING, commit, stage.branch()]], pack);
  }),
  attack("D18f", "a pack that was changed on the way", async (stage) => {
    const commit = await stage.client.commit("Change", { "m.txt": "m\n" });
    const pack = await stage.pack(await newIds(stage));
    pack[pack.length - 25]! ^= 0xff;
    return await stage.pushRaw([[NOTHING, commit, stage.branch()]], pack);
  }),
  attack("D18g", "a push that lacks a part of its history", async (stage) => {
    await stage.client.commit("One", { "1.txt": "1\n" });
    const commit = await stage.client.commit("Two", { "2.txt": "2\n" });
    return await stage.pushRaw([[NOTHING, commit, stage.branch()]], await stage.pack([commit]));
  }),
];

async function newIds({ client }: AttackStage): Promise<string[]> {
  return (await client.git("rev-list", "--objects", "HEAD", "--not", "--remotes"))
    .split("\n").filter(Boolean).map((row) => row.slice(0, 40));
}

/** What a gate has to let through. */
const HARMLESS: readonly AttackRow[] = [
  harmless("clean", "a clean commit", (stage) => stage.pushFiles({ "fine.txt": "fine\n" })),
  harmless("clean-raw", "the same, by a request that git did not write", async (stage) => {
    const commit = await stage.client.commit("Raw", { "raw.txt": "raw\n" });
    return await stage.pushRaw(
      [[NOTHING, commit, stage.branch()]],
      await stage.pack(await newIds(stage)),
    );
  }),
  harmless(
    "clean-zip",
    "an archive without a secret",
    (stage) =>
      stage.pushFiles({
        "fine.zip": zipOf("fine.txt", text("fine\n")),
        "fine.tgz": gzipSync(tarOf("a", text("a"))),
      }),
  ),
  harmless("clean-asks", "a client that asks whether anybody listens", async (stage) => {
    const said = await stage.post("git-receive-pack", text("0000"));
    return { accepted: said.startsWith("200"), said };
  }),
];

/** Every row, in the order of the list. */
export const ATTACK_ROWS: readonly AttackRow[] = [
  ...HARMLESS,
  ...CONTENT,
  ...NAMES,
  ...SCANNER,
  ...PROTOCOL,
];

/** Not asked of a gate here, and why. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  D15: "an approval that is used twice: tests/gitgate/approval_test.ts, since it needs an operator",
  D19: "the forge's API: a matter of the egress proxy",
  D20: "ssh, git:// and bundles: a matter of the bottle's walls",
};
