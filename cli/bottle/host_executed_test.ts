import { deepEqual, equal } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
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

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
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
