import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "./pty.ts";
import { LAUNCHER, processesNaming, Scratch, until } from "./support.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };

/** A home with agent and bottle `dev`, and an editor that does what a script says with the file `$1`. */
function prepared(): Scratch {
  const at = new Scratch();
  at.bottle("dev", "env: { MODE: one }");
  at.agent("dev", "bottle: dev");
  return at;
}

/** The name of an editor that is a script; `$1` is the draft, `$N` counts the calls from 1. */
function editor(at: Scratch, script: string): string {
  const path = join(at.root, "editor");
  const count = join(at.root, "calls");
  Deno.writeTextFileSync(
    path,
    `#!/bin/sh\necho >>${count}; N=$(wc -l <${count}); cp "$1" ${at.root}/seen; ${script}\n`,
    { mode: 0o755 },
  );
  return path;
}

function open(at: Scratch, args: readonly string[], script: string): Screen {
  const shell = `trap : INT; "$0" edit "$@"; echo "code $?"; stty -a | grep -o ' -*echo ' `;
  return new Screen("/bin/sh", ["-c", shell, LAUNCHER, ...args], {
    cwd: at.project,
    env: { ...at.env(), EDITOR: editor(at, script), TERM: "xterm-256color" },
    cols: 100,
  });
}

function read(at: Scratch, path: string): string {
  return Deno.readTextFileSync(join(at.home, path));
}

Deno.test(
  "edit replaces a manifest by what the editor saved, keeps its permissions, and shows the difference",
  options,
  async () => {
    using at = prepared();
    Deno.chmodSync(join(at.home, "bottles/dev.md"), 0o640);
    using screen = open(at, ["--bottle", "dev"], `sed -i s/one/two/ "$1"`);
    await screen.shows(
      /changed bottle dev: .*bottles\/dev\.md\n[^]*-env: \{ MODE: one \}\n[^]*\+env: \{ MODE: two \}/,
    );
    await screen.shows(/code 0\n echo$/);
    equal(read(at, "bottles/dev.md"), "---\nenv: { MODE: two }\n---\n");
    equal(Deno.statSync(join(at.home, "bottles/dev.md")).mode! & 0o777, 0o640);
    deepEqual(at.names("bottles"), ["dev.md"]);
    deepEqual(at.names("edit"), []);
  },
);

Deno.test("edit says that nothing changed", options, async () => {
  using at = prepared();
  using screen = open(at, ["dev"], "true");
  await screen.shows(/nothing changed\ncode 0/);
  equal(Deno.readTextFileSync(join(at.root, "seen")), "---\nbottle: dev\n---\nBe brief.\n");
  deepEqual(at.names("edit"), []);
});

Deno.test(
  "edit shows file, line and column of what is wrong, and lets it be mended",
  options,
  async () => {
    using at = prepared();
    const script =
      `[ "$N" = 1 ] && sed -i s/env:/enw:/ "$1" || sed -i s/enw:/env:/\\;s/one/two/ "$1"`;
    using screen = open(at, ["--bottle", "dev"], script);
    await screen.shows(
      /bottles\/dev\.md:2:1: Unknown key enw; did you mean env\?[^]*2 \| enw:[^]*Edit it again\?/,
    );
    equal(read(at, "bottles/dev.md"), "---\nenv: { MODE: one }\n---\n");
    screen.type("y");
    await screen.shows(/changed bottle dev[^]*code 0/);
    match(Deno.readTextFileSync(join(at.root, "seen")), /enw:/);
    match(read(at, "bottles/dev.md"), /env: \{ MODE: two \}/);
  },
);

Deno.test(
  "edit judges the whole manifest of an agent, and a bottle for every agent in it",
  options,
  async () => {
    using at = prepared();
    {
      using screen = open(at, ["dev"], `sed -i 's/bottle: dev/bottle: deb/' "$1"`);
      await screen.shows(
        /agents\/dev\.md:2:\d+: Bottle "deb" does not exist[^]*did you mean dev\?/,
      );
      screen.type("n");
      await screen.shows(/What becomes of the draft\?/);
      screen.type("drop\r");
      await screen.shows(/agents\/dev\.md is as it was\ncode 1/);
    }
    at.bottle("child", "extends: dev\negress: { routes: [{ host: docs.example.com }] }");
    at.agent("worker", "bottle: child");
    using screen = open(
      at,
      ["--bottle", "dev"],
      `sed -i 's/^env.*/egress: { routes: [{ host: docs.example.com }] }/' "$1"`,
    );
    await screen.shows(/docs\.example\.com[^]*Edit it again\?/);
    screen.type("\x03");
    await screen.shows(/code 130/);
    match(read(at, "bottles/dev.md"), /MODE: one/);
  },
);

Deno.test(
  "edit takes an agent without a bottle: start --bottle gives it one",
  options,
  async () => {
    using at = prepared();
    using screen = open(at, ["dev"], `printf -- '---\\n---\\nBe long.\\n' >"$1"`);
    await screen.shows(/changed agent dev[^]*code 0/);
  },
);

for (
  const [how, keys] of [
    ["is told to keep it", async (screen: Screen) => {
      screen.type("n");
      await screen.shows(/What becomes of the draft\?/);
      screen.type("\r");
    }],
    // deno-lint-ignore require-await
    ["is left by Ctrl-C", async (screen: Screen) => screen.type("\x03")],
  ] as const
) {
  Deno.test(
    `edit keeps a draft when it ${how}, and goes on with it the next time`,
    options,
    async () => {
      using at = prepared();
      {
        using screen = open(at, ["dev"], `echo 'rest: [' >"$1"`);
        await screen.shows(/Edit it again\?/);
        await keys(screen);
        await screen.shows(/the draft is kept in .*\/edit\/agent-dev\.md[^]*code (1|130)\n echo$/);
      }
      match(read(at, "agents/dev.md"), /Be brief/);
      equal(read(at, "edit/agent-dev.md"), "rest: [\n");
      {
        using screen = open(at, ["dev"], "true");
        await screen.shows(/Go on with the draft\?[^]*rest: \[/);
        screen.type("n");
        await screen.shows(/nothing changed\ncode 0/);
      }
      using screen = open(at, ["dev"], `printf -- '---\\nbottle: dev\\n---\\nBe long.\\n' >"$1"`);
      await screen.shows(/Go on with the draft\?/);
      screen.type("y");
      await screen.shows(/changed agent dev[^]*code 0/);
      equal(Deno.readTextFileSync(join(at.root, "seen")), "rest: [\n");
      deepEqual(at.names("edit"), []);
    },
  );
}

Deno.test("edit notices that the file was changed meanwhile, and asks", options, async () => {
  using at = prepared();
  const file = join(at.home, "bottles/dev.md");
  const script = `sed -i s/one/two/ "$1"; printf -- '---\\nenv: { MODE: other }\\n---\\n' >${file}`;
  using screen = open(at, ["--bottle", "dev"], script);
  await screen.shows(/The file was changed while you edited it/);
  match(read(at, "bottles/dev.md"), /other/);
  screen.type("replace");
  await screen.shows(/> replace the file/);
  screen.type("\r");
  await screen.shows(/changed bottle dev[^]*code 0/);
  match(read(at, "bottles/dev.md"), /two/);
});

Deno.test(
  "edit ends with the editor's failure and loses nothing of what was typed",
  options,
  async () => {
    using at = prepared();
    {
      using screen = open(at, ["dev"], "exit 3");
      await screen.shows(/The editor ended with code 3; the file is as it was[^]*code 1/);
      deepEqual(at.names("edit"), []);
    }
    using screen = open(at, ["dev"], `echo half >"$1"; kill -9 $$`);
    await screen.shows(/The editor ended with code 137[^]*code 1/);
    equal(read(at, "edit/agent-dev.md"), "half\n");
  },
);

Deno.test("Ctrl-C in the editor is the editor's", options, async () => {
  using at = prepared();
  using screen = open(
    at,
    ["--bottle", "dev"],
    `trap 'sed -i s/one/two/ "$1"; exit 0' INT; echo ready; while :; do sleep 0.05; done`,
  );
  await screen.shows(/ready/);
  screen.type("\x03");
  await screen.shows(/changed bottle dev[^]*code 0\n echo$/);
});

Deno.test("edit leaves a link a link, and what it leads to is what changes", options, async () => {
  using at = prepared();
  const real = join(at.root, "dotfiles/dev.md");
  Deno.mkdirSync(join(at.root, "dotfiles"));
  Deno.renameSync(join(at.home, "bottles/dev.md"), real);
  Deno.symlinkSync(real, join(at.home, "bottles/dev.md"));
  using screen = open(at, ["--bottle", "dev"], `sed -i s/one/two/ "$1"`);
  await screen.shows(/changed bottle dev[^]*code 0/);
  match(Deno.readTextFileSync(real), /two/);
  ok(Deno.lstatSync(join(at.home, "bottles/dev.md")).isSymlink);
  deepEqual([...Deno.readDirSync(join(at.root, "dotfiles"))].map(({ name }) => name), ["dev.md"]);
});

Deno.test(
  "edit changes an agent of the working directory, and follows no link there",
  options,
  async () => {
    using at = prepared();
    const folder = join(at.project, ".bot-bottle/agents");
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(join(folder, "local.md"), "---\nbottle: dev\n---\nOne.\n", {
      mode: 0o644,
    });
    {
      using screen = open(at, ["local"], `sed -i s/One/Two/ "$1"`);
      await screen.shows(/changed agent local[^]*code 0/);
    }
    equal(Deno.readTextFileSync(join(folder, "local.md")), "---\nbottle: dev\n---\nTwo.\n");
    equal(Deno.statSync(join(folder, "local.md")).mode! & 0o777, 0o644);
    Deno.removeSync(join(folder, "local.md"));
    Deno.symlinkSync(join(at.home, "agents/dev.md"), join(folder, "local.md"));
    using screen = open(at, ["local"], `sed -i s/brief/long/ "$1"`);
    await screen.shows(/Make agent local\?/);
    screen.type("\x03");
    await screen.shows(/local\.md: it is a\s+symbolic link[^]*code 130\n echo$/);
    match(read(at, "agents/dev.md"), /Be brief/);
  },
);

Deno.test("edit names the bottles that run with what they were started with", options, async () => {
  using at = prepared();
  at.bottle("child", "extends: dev");
  const child = at.start(
    [
      "start",
      "dev",
      "--bottle",
      "child",
      "--yes",
      "--label",
      "box",
      "--prompt",
      "echo > f; sleep 1000",
    ],
  );
  try {
    ok(await until(() => at.names("state/box/workspace").includes("f"), 30_000));
    for (
      const [args, script] of [[["dev"], "s/brief/long/"], [
        ["--bottle", "dev"],
        "s/one/two/",
      ]] as const
    ) {
      using screen = open(at, args, `sed -i ${script} "$1"`);
      await screen.shows(/box runs with what it was started with; resume takes the change/);
      await screen.shows(/code 0/);
    }
  } finally {
    child.kill("SIGTERM");
    await child.output();
  }
  ok(await until(() => processesNaming(join(at.home, "state")).length === 0));
  using screen = open(at, ["dev"], `sed -i s/long/short/ "$1"`);
  await screen.shows(/changed agent dev[^]*code 0/);
  ok(!screen.text().includes("box"));
});

Deno.test(
  "edit of a name that is new offers to make it, of one that is misspelt says what was meant",
  options,
  async () => {
    using at = prepared();
    const misspelt = await at.run(["edit", "deb"]);
    equal(misspelt.code, 3);
    match(misspelt.stderr, /Agent "deb" does not exist\n.*did you mean dev\?/);
    const fresh = await at.run(["edit", "reviewer"]);
    equal(fresh.code, 3);
    match(fresh.stderr, /bot-bottle init --agent reviewer makes it/);
    match((await at.run(["edit", "--bottle", "other"])).stderr, /Bottle "other" does not exist/);
    match((await at.run(["edit", "../x"])).stderr, /does not exist/);
    using screen = open(at, ["reviewer"], "true");
    await screen.shows(/Make agent reviewer\?/);
    screen.type("y");
    await screen.shows(/Which bottle does it work in\?/);
    screen.type("dev");
    await screen.shows(/> dev/);
    screen.type("\r");
    await screen.shows(/Where does the agent belong\?/);
    screen.type("\r");
    await screen.shows(/System prompt/);
    screen.type("\r");
    await screen.shows(/Write this file\?/);
    screen.type("y");
    await screen.shows(/wrote agent reviewer[^]*code 0/);
  },
);

Deno.test(
  "edit without a terminal, without a name or with two says what to do",
  options,
  async () => {
    using at = prepared();
    const { code, stderr } = await at.run(["edit", "--bottle", "dev"]);
    equal(code, 2);
    match(
      stderr,
      /there is no terminal for the editor\n.*bottles\/dev\.md.*bot-bottle explain --bottle dev/,
    );
    for (const args of [[], ["dev", "--bottle", "dev"]]) {
      const ended = await at.run(["edit", ...args]);
      equal(ended.code, 2);
      match(ended.stderr, /give AGENT, or --bottle NAME/);
    }
  },
);

Deno.test("edit of a file that is no text says so, and runs no editor", options, async () => {
  using at = prepared();
  Deno.writeFileSync(join(at.home, "agents/dev.md"), new Uint8Array([0xff, 0xfe]));
  using screen = open(at, ["dev"], "true");
  await screen.shows(/Cannot read [^]*agents\/dev\.md[^]*code 3\n echo$/);
  deepEqual(at.names("edit"), []);
});
