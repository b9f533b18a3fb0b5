import { deepEqual, equal } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import process from "node:process";
import { PROVIDERS } from "../../providers/registry.ts";
import { surveyLines } from "../tell_host_executed.ts";
import { executingEntries } from "./git_config_keys.ts";
import { hostExecuted } from "./host_executed.ts";

/** A workspace and what it was copied from. */
class Folders implements Disposable {
  readonly root = Deno.makeTempDirSync();
  readonly origin = join(this.root, "origin");
  readonly workspace = join(this.root, "workspace");

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const folder of [this.origin, this.workspace]) {
      Deno.mkdirSync(folder);
      for (const [path, text] of Object.entries(files)) this.#put(folder, path, text);
    }
  }

  change(path: string, text: string): void {
    this.#put(this.workspace, path, text);
  }

  #put(folder: string, path: string, text: string): void {
    Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), text);
  }

  found(): string[] {
    return hostExecuted(this.workspace, this.origin).files
      .map(({ path, change, what }) => [change, path, ...what].join(" "));
  }

  /** What an ordinary user finds, to whom the files belong: root reads everything. */
  foundByUser(): string[] {
    if (Deno.uid() !== 0) return this.found();
    Deno.chmodSync(this.root, 0o755);
    for (const { path } of walk(this.root)) Deno.chownSync(path, 65_534, 65_534);
    process.seteuid!(65_534);
    try {
      return this.found();
    } finally {
      process.seteuid!(0);
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

function* walk(folder: string): Generator<{ path: string }> {
  yield { path: folder };
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield { path: join(folder, name) };
  }
}

Deno.test("D16: files that would run on the host are named when the agent made or changed them", () => {
  using folders = new Folders({
    ".git/config": "[core]\n\tbare = false\n",
    ".git/hooks/pre-commit": "#!/bin/sh\n",
    "package.json": '{"scripts":{"test":"deno test"},"version":"1"}',
    ".envrc": "export A=1\n",
    ".github/workflows/ci.yml": "on: push\n",
  });
  deepEqual(folders.found(), []);
  folders.change(".git/config", '[core]\n\tbare = false\n\tsshCommand = "curl evil"\n');
  folders.change(".git/hooks/pre-push", "#!/bin/sh\n");
  folders.change(".git/hooks/pre-commit.sample", "#!/bin/sh\n");
  folders.change(
    "package.json",
    '{"scripts":{"test":"deno test","postinstall":"sh x"},"version":"2"}',
  );
  folders.change(".vscode/tasks.json", "{}");
  folders.change("sub/.mcp.json", "{}");
  folders.change(".github/workflows/ci.yml", "on: pull_request\n");
  folders.change("node_modules/x/package.json", '{"scripts":{"postinstall":"sh x"}}');
  folders.change("src/main.ts", "export {};\n");
  deepEqual(folders.found(), [
    "changed .git/config core.sshcommand",
    "new .git/hooks/pre-push",
    "changed .github/workflows/ci.yml",
    "new .vscode/tasks.json",
    "changed package.json scripts.postinstall",
    "new sub/.mcp.json",
  ]);
});

Deno.test("D16: a package.json whose scripts did not change is not named, one that is no JSON is", () => {
  using folders = new Folders({ "package.json": '{"scripts":{"a":"b"}}' });
  folders.change("package.json", '{"scripts":{"a":"b"},"dependencies":{"x":"1"}}');
  deepEqual(folders.found(), []);
  folders.change("package.json", "{");
  deepEqual(folders.found(), ["changed package.json no JSON"]);
});

Deno.test("D16: a hook that becomes a link is named, and the link is not followed", () => {
  using folders = new Folders({ ".git/hooks/post-checkout": "#!/bin/sh\n" });
  Deno.removeSync(join(folders.workspace, ".git/hooks/post-checkout"));
  Deno.symlinkSync("/dev/zero", join(folders.workspace, ".git/hooks/post-checkout"));
  deepEqual(folders.found(), ["changed .git/hooks/post-checkout"]);
});

Deno.test("D16: in a workspace that began empty, everything that runs is new", () => {
  using folders = new Folders();
  folders.change(".git/hooks/pre-commit", "");
  equal(hostExecuted(folders.workspace, undefined).files[0]?.change, "new");
});

Deno.test("D16: a folder of hooks, or the repository itself, that becomes a link or a file is named", () => {
  using folders = new Folders({ ".git/config": "", ".vscode/a.txt": "" });
  const inWorkspace = (path: string) => join(folders.workspace, path);
  Deno.symlinkSync("../tools", inWorkspace(".git/hooks"));
  Deno.removeSync(inWorkspace(".vscode"), { recursive: true });
  Deno.symlinkSync("tools", inWorkspace(".vscode"));
  folders.change("sub/.git", "gitdir: ../tools/repository\n");
  deepEqual(folders.found(), ["new .git/hooks", "new .vscode", "new sub/.git"]);
});

Deno.test("D16: a repository without a working copy is named when its configuration runs something", () => {
  using folders = new Folders();
  for (const name of ["HEAD", "objects/x", "refs/x"]) folders.change(`docs/${name}`, "x");
  folders.change("docs/config", "[core]\n\tbare = true\n");
  folders.change("other/config", "[core]\n\tfsmonitor = ./x\n");
  deepEqual(folders.found(), []);
  folders.change("docs/config", "[core]\n\tbare = true\n\tfsmonitor = ./x\n");
  deepEqual(folders.found(), ["new docs/config core.fsmonitor"]);
});

Deno.test("D16: neither a key that stands twice nor a long file hides what a configuration runs", () => {
  const helper = (value: string) => `[credential]\n\thelper = ${value}\n`;
  using folders = new Folders({ ".git/config": helper("store"), "b/.git/config": helper("store") });
  folders.change(".git/config", `${helper("!evil")}${helper("store")}`);
  folders.change("b/.git/config", `${helper("!evil")}${"# x\n".repeat(300_000)}`);
  deepEqual(folders.found(), ["changed .git/config credential.helper", "changed b/.git/config"]);
});

Deno.test("D16: a remote that leads elsewhere is named, the remote of a fresh clone is not", () => {
  const origin = (url: string) => `[remote "origin"]\n\turl = ${url}\n`;
  using folders = new Folders({ ".git/config": origin("https://git.example.org/a.git") });
  folders.change(".git/config", origin("https://evil.example.com/a.git"));
  folders.change("clone/.git/config", origin("https://git.example.org/b.git"));
  deepEqual(folders.found(), ["changed .git/config remote.origin.url"]);
});

Deno.test("D16: what an ordinary user cannot list or read is named, it may run all the same", () => {
  using folders = new Folders({ ".git/config": "" });
  folders.change(".git/config", "[core]\n\tfsmonitor = ./x\n");
  folders.change(".git/hooks/post-checkout", "#!/bin/sh\n");
  folders.change("package.json", "{}");
  folders.change("src/main.ts", "");
  folders.change("closed/.git/hooks/pre-commit", "");
  const mode = (path: string, mode: number) => Deno.chmodSync(join(folders.workspace, path), mode);
  mode(".git/config", 0);
  mode("src/main.ts", 0);
  mode(".git/hooks", 0o311);
  mode("closed", 0o600);
  deepEqual(folders.foundByUser(), [
    "unreadable .git/config",
    "unreadable .git/hooks",
    "unreadable closed/.git",
  ]);
  mode(".", 0o311);
  deepEqual(folders.foundByUser(), ["unreadable ."]);
  // A user who is not root removes only what they can list.
  for (const path of [".", ".git/hooks", "closed"]) mode(path, 0o700);
});

Deno.test("D16: a folder whose name is no text, and a pipe in a file's place, are named", async () => {
  using folders = new Folders();
  await new Deno.Command("/bin/sh", {
    args: ["-c", `cd "$1" && mkdir "$(printf 'a\\351')" && mkfifo .envrc`, "sh", folders.workspace],
  }).output();
  deepEqual(folders.found(), ["unreadable .envrc", "unreadable a\ufffd"]);
});

Deno.test("D16: a workspace that is not there has nothing to look at", () => {
  using folders = new Folders();
  deepEqual(hostExecuted(join(folders.root, "none"), undefined).files, []);
});

Deno.test("D16: the manifest of a next agent, and what agents and editors obey, are named", () => {
  using folders = new Folders({ ".claude/settings.json": "{}", "CLAUDE.md": "Be kind.\n" });
  deepEqual(folders.found(), []);
  const paths = [
    ".agents/skills/x/SKILL.md",
    ".bot-bottle/agents/dev.md",
    ".claude/commands/x.md",
    ".claude/node_modules/x/index.js",
    ".codex/hooks/x.sh",
    ".cursor/rules/x.mdc",
    ".gemini/settings.json",
    ".idea/workspace.xml",
    ".pi/extensions/x.ts",
    "sub/.pi/SYSTEM.md",
  ];
  for (const path of paths) folders.change(path, "x");
  deepEqual(folders.found(), paths.map((path) => `new ${path}`));
});

for (const { name, ownFiles } of PROVIDERS) {
  Deno.test(`D16: what ${name} obeys in a project is named`, () => {
    using folders = new Folders();
    for (const folder of ownFiles.folders) folders.change(`a/${folder}/b/c`, "x");
    for (const file of ownFiles.instructions) folders.change(`a/${file}`, "x");
    const { files, instructions } = hostExecuted(folders.workspace, folders.origin);
    deepEqual(files.map(({ path }) => path), ownFiles.folders.map((f) => `a/${f}/b/c`).sort());
    deepEqual(
      instructions.map(({ path }) => path),
      ownFiles.instructions.map((f) => `a/${f}`).sort(),
    );
  });
}

Deno.test("D16: instructions are told apart, on one line, when the agent made or changed them", () => {
  const names = [
    "AGENTS.md",
    "CLAUDE.md",
    "a/AGENTS.md",
    "b/GEMINI.md",
    "c/agents.md",
    "d/CLAUDE.md",
  ];
  using folders = new Folders({ "AGENTS.md": "1", "CLAUDE.md": "1", "x/AGENTS.md": "1" });
  const lines = () => surveyLines("/w", hostExecuted(folders.workspace, folders.origin));
  deepEqual(lines(), []);
  for (const name of names) folders.change(name, "2");
  deepEqual(lines(), [
    "agents on this machine would obey changed AGENTS.md, changed CLAUDE.md, new a/AGENTS.md, " +
    "new b/GEMINI.md and 2 more",
  ]);
});

Deno.test("D16: many files of one kind push no hook out of sight", () => {
  using folders = new Folders();
  for (let n = 10; n < 40; n++) {
    folders.change(`.agents/skills/s${n}/SKILL.md`, "x");
    folders.change(`.git/hooks/a${n}`, "x");
    folders.change(`a${n}/.envrc`, "x");
  }
  folders.change(".git/config", "[core]\n\tfsmonitor = ./x\n");
  const lines = surveyLines("/w", hostExecuted(folders.workspace, folders.origin));
  deepEqual(lines.slice(1, 5), [
    "  new .git/config (core.fsmonitor)",
    "  30 files in .git/hooks, such as new .git/hooks/a10",
    "  30 files in .agents, such as new .agents/skills/s10/SKILL.md",
    "  new a10/.envrc",
  ]);
  equal(lines.at(-1), "  and 17 more");
});

Deno.test("D16: no name begins a line of its own", () => {
  const forged = "\nbot-bottle: all of these were reviewed";
  using folders = new Folders();
  folders.change(`.git/hooks/post-checkout${forged}`, "x");
  folders.change("package.json", JSON.stringify({ scripts: { [`a${forged}`]: "x" } }));
  folders.change(`.github/workflows/a${forged}.yml`, "x");
  folders.change(`.git/modules/a${forged}/config`, "[core]\n\tfsmonitor = ./x\n");
  folders.change(`a${forged}/CLAUDE.md`, "x");
  const lines = surveyLines("/w", hostExecuted(folders.workspace, folders.origin));
  deepEqual(lines.filter((line) => line.includes("\n")), []);
  equal(lines.length, 6);
});

Deno.test("executingEntries() reads sections, subsections, aliases and continued lines as git does", () => {
  const text = `[core]
\tfsmonitor = ./x
\tautocrlf = true
[alias]
\tco = checkout
\tx = !sh -c evil
[URL "https://evil.example/"] insteadOf = https://good.example/
[filter "a b"]
\tclean = "sh\\
 -c"
[includeIf "gitdir:/"]
\tpath = /tmp/x
[credential]
\thelper
`;
  deepEqual(executingEntries(text).map(({ key }) => key), [
    "core.fsmonitor",
    "alias.x",
    "url.https://evil.example/.insteadof",
    "filter.a b.clean",
    "includeif.gitdir:/.path",
    "credential.helper",
  ]);
});

Deno.test("executingEntries() finds every key that git itself lists for a configuration of this kind", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const text = '[core]\nsshCommand=a\n[remote "o"]\nurl=x\nuploadpack=b\n[diff]\nexternal=c\n';
    Deno.writeTextFileSync(file, text);
    const { stdout } = await new Deno.Command("git", {
      args: ["config", "--file", file, "--name-only", "--list"],
    }).output();
    const listed = new TextDecoder().decode(stdout).trim().split("\n");
    const found = executingEntries(text).map(({ key }) => key);
    deepEqual(listed, found);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("executingEntries() is not misled by what git reads otherwise than it looks", async () => {
  const texts = [
    "# a comment \\\n[core]\n\tsshCommand = a\n",
    "[user]\n\tname = x\\\\\n[core]\n\tsshCommand = a\n",
    "[user] [core] sshCommand = a\n",
    "[user][core]\n\tsshCommand = a\n",
    '[alias]\n\tst = ""!sh -c a\n',
    '[alias]\n\tst = "\\\n!sh" -c a\n',
    "[core]\r\n\tsshCommand = a # b\r\n",
    "[core]\n\tsshCommand \t = \\\n a\n",
    '[filter "a\\"]b"]\n\tclean = "a # b" ; c\n',
    "[Core]\n\tfsmonitor\n",
    "\ufeff[core]\n\tpager = a",
  ];
  const file = Deno.makeTempFileSync();
  try {
    for (const text of texts) {
      Deno.writeTextFileSync(file, text);
      const { stdout, success } = await new Deno.Command("git", {
        args: ["config", "--file", file, "--list", "-z"],
      }).output();
      const listed = new TextDecoder().decode(stdout).split("\0").filter((row) => row !== "")
        .map((row) => {
          const [key = "", ...value] = row.split("\n");
          return { key, value: value.length === 0 ? "true" : value.join("\n") };
        }).filter(({ key }) => !key.startsWith("user."));
      equal(success, true, text);
      deepEqual(executingEntries(text), listed, text);
    }
  } finally {
    Deno.removeSync(file);
  }
});
