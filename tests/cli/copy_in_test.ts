import { deepEqual, equal, match } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { Scratch } from "./support.ts";

/** A text that looks like no credential of anybody's. */
const WORD = ["made", "up"].join("-");

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), text);
  }
}

const LIST = ["--", "sh", "-c", "find . -type f | sort"];

Deno.test("--cwd copies neither the home folder nor one that holds it, and says so before anything is asked", async () => {
  using at = new Scratch();
  at.bottle("dev", "env: {PLAIN: literal}");
  at.agent("dev", "bottle: dev");
  const home = join(at.project, "me");
  put(home, { ".codex/auth.json": WORD });
  Deno.symlinkSync(at.project, join(at.root, "link"));
  for (const HOME of [at.project, home, join(at.root, "link")]) {
    for (const args of [["run", "--cwd", ...LIST], ["start", "dev", "--cwd", "--yes"]]) {
      const { code, stdout, stderr } = await at.run(args, { HOME });
      const what = HOME === home ? "it holds your home folder" : "it is your home folder";
      match(
        stderr,
        new RegExp(`^bot-bottle: Cannot copy "${at.project}" into the workspace: ${what}\\n`),
      );
      deepEqual([code, stdout], [2, ""]);
    }
  }
  deepEqual(at.names("state"), []);
});

Deno.test("--cwd leaves files of credentials out and names them; what a project configures goes along", async () => {
  using at = new Scratch();
  put(at.project, {
    ".claude/.credentials.json": WORD,
    ".claude/settings.json": "{}",
    ".codex/auth.json": WORD,
    ".config/gh/hosts.yml": WORD,
    ".git-credentials": WORD,
    ".netrc": WORD,
    ".npmrc": `//registry.example.com/:_authToken=${WORD}`,
    ".pi/agent/auth.json": WORD,
    "src/main.ts": "",
    "sub/.npmrc": "registry=https://registry.example.com/",
    "sub/\nbot-bottle: nothing was left out/.ssh/id": WORD,
  });
  const { code, stdout, stderr } = await at.run(["run", "--cwd", ...LIST]);
  equal(code, 0);
  equal(stdout, "./.claude/settings.json\n./src/main.ts\n./sub/.npmrc\n");
  const [, named = ""] = /for they hold credentials: (.*)\n$/.exec(stderr) ?? [];
  deepEqual(named.split(", ").sort(), [
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".config/gh",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pi/agent/auth.json",
    "sub/\\nbot-bottle: nothing was left out/.ssh",
  ]);
});

Deno.test("--cwd refuses a place of credentials", async () => {
  using at = new Scratch();
  const folder = join(at.root, "backup/.ssh");
  put(folder, { id: WORD });
  Deno.removeSync(at.project);
  Deno.symlinkSync(folder, at.project);
  const { code, stderr } = await at.run(["run", "--cwd", ...LIST]);
  equal(code, 2);
  match(stderr, /into the workspace: \.ssh holds credentials\n/);
});

Deno.test("a label of two lines is refused where it is given", async () => {
  using at = new Scratch();
  const { code, stderr } = await at.run(["start", "dev", "--label", "two\nlines"]);
  equal(code, 2);
  match(
    stderr,
    /^bot-bottle: .*Cannot use label "two\\nlines": it holds a control character\n[^\n]*\n$/,
  );
});

Deno.test("--cwd warns of a git configuration that holds a credential", async () => {
  using at = new Scratch();
  const warning = /warning: \.git\/config holds a credential/;
  const texts = [
    ["url = https://git.example.org/a.git", false],
    ["url = ssh://git@git.example.org:22/a.git", false],
    [`url = https://me:${WORD}@git.example.org/a.git`, true],
    [`extraheader = AUTHORIZATION: basic ${WORD}`, true],
  ] as const;
  for (const [line, warns] of texts) {
    put(at.project, { ".git/config": `[made "up"]\n\t${line}\n` });
    const { code, stderr } = await at.run(["run", "--cwd", "--", "true"]);
    equal(code, 0);
    equal(warning.test(stderr), warns, line);
    equal(stderr.includes(WORD), false);
  }
});
