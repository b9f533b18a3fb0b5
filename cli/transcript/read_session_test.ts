import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { claudeTranscripts } from "../../providers/claude_transcript.ts";
import { findSessions, type SessionFile } from "./find_sessions.ts";
import { readSession } from "./read_session.ts";

const FOLDER = ".claude/projects/-workspace";

/** A bottle's home with a folder of sessions, and a secret beside it. */
class Home implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "bb-" });
  readonly home = join(this.root, "home");
  readonly outside = join(this.root, "outside");

  constructor() {
    Deno.mkdirSync(join(this.home, FOLDER), { recursive: true });
    Deno.mkdirSync(join(this.outside, "-workspace"), { recursive: true });
    Deno.writeTextFileSync(join(this.outside, "-workspace/one.jsonl"), "outside");
  }

  write(path: string, text: string): void {
    Deno.mkdirSync(dirname(join(this.home, path)), { recursive: true });
    Deno.writeTextFileSync(join(this.home, path), text);
  }

  found(): string[] {
    return findSessions(this.home, claudeTranscripts).files.map(({ path }) => path);
  }

  /** What stands at a path, as if a look before had found a file there. */
  async read(path: string, size = 0): Promise<string> {
    const file: SessionFile = { path, size, changed: 0 };
    return new TextDecoder().decode((await readSession(this.home, file)).bytes);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("findSessions() finds the sessions by their names, the one that changed last at the end", () => {
  using at = new Home();
  for (const [name, time] of [["b", 3], ["a", 2], ["c", 1]] as const) {
    at.write(`${FOLDER}/${name}.jsonl`, "");
    Deno.utimeSync(join(at.home, FOLDER, `${name}.jsonl`), time, time);
  }
  at.write(`${FOLDER}/notes.txt`, "");
  at.write(`${FOLDER}/session/subagents/agent-1.jsonl`, "");
  deepEqual(at.found(), ["c", "a", "b"].map((name) => `${FOLDER}/${name}.jsonl`));
});

Deno.test("findSessions() takes no link, no pipe and no folder for a session", async () => {
  using at = new Home();
  Deno.symlinkSync(join(at.outside, "-workspace/one.jsonl"), join(at.home, FOLDER, "link.jsonl"));
  Deno.symlinkSync(join(at.outside, "-workspace"), join(at.home, ".claude/projects/other"));
  await new Deno.Command("mkfifo", { args: [join(at.home, FOLDER, "pipe.jsonl")] }).output();
  Deno.mkdirSync(join(at.home, FOLDER, "folder.jsonl"));
  deepEqual(at.found(), []);
});

for (const link of [".claude", ".claude/projects"]) {
  Deno.test(`findSessions() finds nothing where ${link} is a link`, () => {
    using at = new Home();
    Deno.removeSync(join(at.home, ".claude"), { recursive: true });
    Deno.mkdirSync(join(at.outside, "projects/-workspace"), { recursive: true });
    Deno.writeTextFileSync(join(at.outside, "projects/-workspace/one.jsonl"), "outside");
    if (link !== ".claude") Deno.mkdirSync(join(at.home, ".claude"));
    Deno.symlinkSync(
      link === ".claude" ? at.outside : `${at.outside}/projects`,
      join(at.home, link),
    );
    deepEqual(at.found(), []);
  });
}

Deno.test("findSessions() gives up on a folder that holds more than anybody looks at", () => {
  using at = new Home();
  for (let index = 0; index < 20_001; index++) {
    Deno.writeTextFileSync(join(at.home, FOLDER, `${index}`), "");
  }
  equal(findSessions(at.home, claudeTranscripts).cut, true);
});

Deno.test("readSession() reads a file, whatever its name is, and again", async () => {
  using at = new Home();
  for (const name of ["one.jsonl", "-n $(id) 'x'.jsonl", "of=stolen.jsonl"]) {
    at.write(`${FOLDER}/${name}`, "inside");
    equal(await at.read(`${FOLDER}/${name}`), "inside");
    equal(await at.read(`${FOLDER}/${name}`), "inside");
  }
});

Deno.test("readSession() reads the end of a file that is longer than it may be", async () => {
  using at = new Home();
  at.write(`${FOLDER}/one.jsonl`, "0123456789");
  const file = { path: `${FOLDER}/one.jsonl`, size: 10, changed: 0 };
  const { bytes, cut } = await readSession(at.home, file, 4);
  deepEqual([new TextDecoder().decode(bytes), cut], ["6789", true]);
  const grown = await readSession(at.home, { ...file, size: 2 }, 4);
  deepEqual([new TextDecoder().decode(grown.bytes), grown.cut], ["0123", false]);
});

Deno.test("readSession() follows no link that was put in a file's place after it was found", async () => {
  using at = new Home();
  const target = join(at.outside, "-workspace/one.jsonl");
  Deno.symlinkSync(target, join(at.home, FOLDER, "one.jsonl"));
  await rejects(at.read(`${FOLDER}/one.jsonl`), /Cannot read the session .*one\.jsonl: .*symbolic/);
});

for (const link of [FOLDER, ".claude/projects", ".claude"]) {
  Deno.test(`readSession() reads nothing outside when ${link} became a link`, async () => {
    using at = new Home();
    const rest = FOLDER.slice(link.length);
    Deno.removeSync(join(at.home, link), { recursive: true });
    Deno.mkdirSync(join(at.outside, rest), { recursive: true });
    Deno.writeTextFileSync(join(at.outside, rest, "one.jsonl"), "outside");
    Deno.symlinkSync(at.outside, join(at.home, link));
    await rejects(at.read(`${FOLDER}/one.jsonl`), /a link leads out of the bottle's home/);
  });
}

Deno.test("readSession() waits for nobody at the other end of a pipe", async () => {
  using at = new Home();
  await new Deno.Command("mkfifo", { args: [join(at.home, FOLDER, "one.jsonl")] }).output();
  equal(await at.read(`${FOLDER}/one.jsonl`), "");
});

Deno.test("readSession() says that a file is gone", async () => {
  using at = new Home();
  await rejects(at.read(`${FOLDER}/gone.jsonl`), (error: Error) => {
    match(error.message, /gone\.jsonl: .*No such file/);
    return true;
  });
});
