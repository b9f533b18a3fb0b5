import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "./pty.ts";
import { LAUNCHER, Scratch } from "./support.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };

const COMMAND = ["--agent", "dev", "--bottle", "dev", "--provider", "command"];

function read(at: Scratch, path: string): string {
  return Deno.readTextFileSync(join(at.home, path));
}

/** Everything below the home folder and the project. */
function written(at: Scratch): string[] {
  return ["bottles", "agents", "../project/.bot-bottle/agents"].flatMap((folder) =>
    at.names(folder).map((name) => `${folder}/${name}`)
  );
}

Deno.test("init makes what start accepts, from an empty home and by flags alone", async () => {
  using at = new Scratch();
  Deno.removeSync(at.home);
  const made = await at.run(["init", ...COMMAND, "--allow", "docs.example.com"]);
  equal(made.code, 0, made.stderr);
  equal(made.stdout, "");
  match(made.stderr, /wrote bottle dev: [^]*wrote agent dev: [^]*next: bot-bottle start dev\n$/);
  const started = await at.run(["start", "dev", "--yes", "--prompt", "echo it runs"]);
  deepEqual([started.code, started.stdout], [0, "it runs\n"], started.stderr);
  for (const path of [at.home, `${at.home}/bottles`, `${at.home}/agents`]) {
    equal(Deno.statSync(path).mode! & 0o777, 0o700, path);
  }
  equal(Deno.statSync(`${at.home}/bottles/dev.md`).mode! & 0o777, 0o600);
});

Deno.test("init makes a home that stands beside the user's own", async () => {
  using at = new Scratch();
  const user = join(at.root, "user");
  Deno.mkdirSync(user);
  const env = { HOME: user, BOT_BOTTLE_HOME: join(at.root, "elsewhere/bot-bottle") };
  Deno.mkdirSync(join(at.root, "elsewhere"));
  const made = await at.run(["init", ...COMMAND], env);
  equal(made.code, 0, made.stderr);
  const started = await at.run(["start", "dev", "--yes", "--prompt", "echo it runs"], env);
  deepEqual([started.code, started.stdout], [0, "it runs\n"], started.stderr);
});

Deno.test("init without a terminal names the flag that is missing, and writes nothing", async () => {
  using at = new Scratch();
  for (
    const [args, flag] of [
      [[], "--agent NAME"],
      [["--agent", "dev"], "--bottle NAME"],
      [["--agent", "dev", "--bottle", "dev"], "--provider NAME"],
      [["--agent", "dev", "--bottle", "dev", "--provider", "claude"], "--auth-token VARIABLE"],
    ] as const
  ) {
    const { code, stderr } = await at.run(["init", ...args]);
    equal(code, 2);
    ok(stderr.includes(`hint: give ${flag}`), stderr);
  }
  deepEqual(written(at), []);
});

Deno.test("init says which variable is not set yet, and how to get what it holds", async () => {
  using at = new Scratch();
  const args = ["--agent", "dev", "--bottle", "dev", "--provider", "claude", "--auth-token", "TOK"];
  const unset = await at.run(["init", ...args]);
  match(unset.stderr, /TOK is not set yet: claude setup-token/);
  const set = await at.run(["init", ...args, "--force"], { TOK: "tok" });
  equal(set.code, 0);
  ok(!set.stderr.includes("not set"), set.stderr);
  const codex = ["--agent", "cx", "--bottle", "cx", "--provider", "codex"];
  const login = await at.run(["init", ...codex, "--forward-host-credentials"]);
  match(login.stderr, /codex is not logged in on this machine: run codex login/);
});

Deno.test("init --dry-run prints the files and writes nothing", async () => {
  using at = new Scratch();
  Deno.removeSync(at.home);
  const { code, stdout, stderr } = await at.run([
    "init",
    ...COMMAND,
    "--prompt",
    "Be\x1b brief.",
    "--dry-run",
  ]);
  equal(code, 0, stderr);
  match(
    stdout,
    /^# .*\/bottles\/dev\.md\n---\n[^]*template: command\n[^]*\n# .*\/agents\/dev\.md\n---\n/,
  );
  ok(!stdout.includes("\x1b"));
  deepEqual(written(at), []);
});

Deno.test("init replaces nothing that is there unless it is told to", async () => {
  using at = new Scratch();
  at.bottle("dev", "env: { MINE: yes }");
  at.agent("dev", "bottle: dev");
  const agent = await at.run(["init", ...COMMAND]);
  equal(agent.code, 2);
  match(agent.stderr, /Cannot make agent "dev": it is there already\n.*--force/);
  const bottle = await at.run(["init", ...COMMAND, "--agent", "other"]);
  equal(bottle.code, 2, "the flag is given twice");
  const fresh = ["--agent", "other", "--bottle", "dev", "--provider", "command"];
  const kept = await at.run(["init", ...fresh]);
  match(kept.stderr, /Cannot make bottle "dev": it is there already/);
  match(read(at, "bottles/dev.md"), /MINE/);
  equal((await at.run(["init", ...fresh, "--force"])).code, 0);
  ok(!read(at, "bottles/dev.md").includes("MINE"));
});

Deno.test("init writes nothing that a start would not take", async () => {
  using at = new Scratch();
  at.bottle("base", "egress: { routes: [{ host: docs.example.com }] }");
  for (
    const [args, reason] of [
      [["--extends", "base", "--allow", "docs.example.com"], /docs\.example\.com/],
      [["--extends", "bose"], /did you mean base\?/],
      [["--allow", "10.0.0.1"], /allow_private/],
    ] as const
  ) {
    const { code, stderr } = await at.run(["init", ...COMMAND, ...args]);
    equal(code, 3, stderr);
    match(stderr, reason);
  }
  deepEqual(written(at), ["bottles/base.md"]);
});

Deno.test("init --project writes the agent to the folder of the project, and the bottle never", async () => {
  using at = new Scratch();
  const { code, stderr } = await at.run(["init", ...COMMAND, "--project", "--prompt", "Be brief."]);
  equal(code, 0, stderr);
  deepEqual(written(at), ["bottles/dev.md", "../project/.bot-bottle/agents/dev.md"]);
  const file = `${at.project}/.bot-bottle/agents/dev.md`;
  equal(Deno.statSync(file).mode! & 0o777, 0o644);
  match(Deno.readTextFileSync(file), /Be brief\.\n$/);
  equal((await at.run(["start", "dev", "--yes", "--prompt", "exit 4"])).code, 4);
  const hidden = await at.run(["init", ...COMMAND, "--force"]);
  equal(hidden.code, 3);
  match(hidden.stderr, /project\/\.bot-bottle\/agents\/dev\.md would be used instead/);
});

Deno.test("init --project follows no link that the project brought along", async () => {
  using at = new Scratch();
  const outside = join(at.root, "outside");
  Deno.mkdirSync(join(outside, "agents"), { recursive: true });
  Deno.symlinkSync(outside, join(at.project, ".bot-bottle"));
  const linked = await at.run(["init", ...COMMAND, "--project"]);
  equal(linked.code, 3);
  match(linked.stderr, /cannot be used\n.*folders, not links/);
  Deno.removeSync(join(at.project, ".bot-bottle"));
  Deno.mkdirSync(join(at.project, ".bot-bottle/agents"), { recursive: true });
  Deno.symlinkSync(join(outside, "file"), join(at.project, ".bot-bottle/agents/dev.md"));
  const file = await at.run(["init", ...COMMAND, "--project"]);
  equal(file.code, 3, file.stderr);
  deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name), ["agents"]);
  deepEqual(written(at).filter((name) => name.startsWith("bottles")), []);
});

/** `init` on a terminal, with what the shell says about it afterwards. */
function open(at: Scratch, args: readonly string[] = [], size = {}): Screen {
  const script = `"$0" init "$@"; echo "code $?"; stty -a | grep -o ' -*echo ' `;
  return new Screen("/bin/sh", ["-c", script, LAUNCHER, ...args], {
    cwd: at.project,
    env: { ...at.env(), TERM: "xterm-256color" },
    ...size,
  });
}

function withRemote(): Scratch {
  const at = new Scratch();
  at.bottle("base", "env: { MODE: base }");
  Deno.mkdirSync(join(at.project, ".git"));
  Deno.writeTextFileSync(
    join(at.project, ".git/config"),
    '[remote "origin"]\n\turl = git@git.example.org:team/app.git\n',
  );
  return at;
}

/** Every question in turn, what is typed, and the key that answers it. */
const QUESTIONS: readonly (readonly [RegExp, string, string])[] = [
  [/Name of the agent/, "", "\r"],
  [/Which bottle does it work in\?/, "", "\r"],
  [/Name of the bottle/, "", "\r"],
  [/build on other bottles\?/, "", "\r"],
  [/Who is the agent\?/, "", "\r"],
  [/Which variable[^]*claude setup-token/, "", "\r"],
  [/Which hosts/, "docs.example.com", "\r"],
  [/commits by/, "Ada <ada@example.org>", "\r"],
  [/May it push to[^]*ssh:\/\/git@git\.example\.org\/team\/app\.git/, "", "y"],
  [/Public key of git\.example\.org/, "ssh-ed25519 AAAA", "\r"],
  [/private key/, "~/.ssh/app", "\r"],
  [/Where does the agent belong\?/, "", "\r"],
  [/System prompt/, "Be brief.", "\r"],
  [/Write these files\?[^]*template: claude/, "", "y"],
];

async function answer(screen: Screen, count: number): Promise<void> {
  for (const [question, text, key] of QUESTIONS.slice(0, count)) {
    await screen.shows(question);
    screen.type(text);
    if (text !== "") await screen.shows(new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
    screen.type(key);
  }
}

Deno.test(
  "init asks on a terminal, shows the files, and writes them after y",
  options,
  async () => {
    using at = withRemote();
    using screen = open(at);
    await answer(screen, QUESTIONS.length);
    await screen.shows(/wrote agent dev[^]*next: bot-bottle start dev\ncode 0\n echo$/);
    const text = read(at, "bottles/dev.md");
    for (
      const part of [
        "auth_token: CLAUDE_OAUTH",
        "user: { name: Ada, email: ada@example.org }",
        "url: ssh://git@git.example.org/team/app.git",
        "- host: docs.example.com",
      ]
    ) ok(text.includes(part), `${part} in ${text}`);
    match(read(at, "agents/dev.md"), /^---\n[^]*bottle: dev\n[^]*Be brief\.\n$/);
  },
);

for (const [cols, rows] of [[40, 10], [200, 60]] as const) {
  Deno.test(`init can be answered on a terminal of ${cols}×${rows}`, options, async () => {
    using at = withRemote();
    using screen = open(at, [], { cols, rows });
    for (const [question, text, key] of QUESTIONS) {
      // The beginning of a title has room everywhere.
      const title = new RegExp(question.source.split("[^]*")[0]!.slice(0, 22));
      await screen.shows(title);
      screen.type(text);
      if (text !== "") await screen.shows(new RegExp(text.slice(-9)));
      screen.type(key);
    }
    await screen.shows(/code 0\n echo$/);
    deepEqual(written(at), ["bottles/base.md", "bottles/dev.md", "agents/dev.md"]);
  });
}

for (const [index, [question]] of QUESTIONS.entries()) {
  Deno.test(
    `Ctrl-C at ${question.source.slice(0, 24)} writes nothing and gives the terminal back`,
    options,
    async () => {
      using at = withRemote();
      using screen = open(at);
      await answer(screen, index);
      await screen.shows(question);
      screen.type("\x03");
      await screen.shows(/Nothing was chosen\ncode 130\n echo$/);
      deepEqual(written(at), ["bottles/base.md"]);
      deepEqual(at.names("state"), []);
    },
  );
}

Deno.test(
  "Escape goes back to the answer before, and out of the first question",
  options,
  async () => {
    using at = withRemote();
    using screen = open(at);
    await screen.shows(/Name of the agent[^]*> dev/);
    await screen.enter("two", /> devtwo/);
    await screen.shows(/Which bottle/);
    screen.type("\x1b");
    await screen.shows(/Name of the agent[^]*> devtwo/);
    screen.type("\r");
    await screen.shows(/Which bottle/);
    screen.type("\r");
    await screen.shows(/Name of the bottle[^]*> devtwo/);
    screen.type("\x1b");
    await screen.shows(/Which bottle/);
    screen.type("\x1b");
    await screen.shows(/Name of the agent/);
    screen.type("\x1b");
    await screen.shows(/code 130\n echo$/);
    deepEqual(written(at), ["bottles/base.md"]);
  },
);

Deno.test("init leads back to the answers when a start would not take them", options, async () => {
  using at = new Scratch();
  at.bottle("base", "egress: { routes: [{ host: docs.example.com }] }");
  using screen = open(at, [...COMMAND, "--extends", "base", "--git-user", "", "--prompt", "x"]);
  await screen.shows(/Which hosts/);
  screen.type("docs.example.com");
  await screen.shows(/> docs\.example\.com/);
  screen.type("\r");
  await screen.shows(/Where does the agent belong/);
  screen.type("\r");
  await screen.shows(/Go back to the answers\?[^]*docs\.example\.com/);
  screen.type("y");
  await screen.shows(/Where does the agent belong/);
  screen.type("\x1b");
  await screen.shows(/Which hosts[^]*> docs\.example\.com/);
  await screen.enter("\x15", /> ▏/);
  await screen.shows(/Where does the agent belong/);
  screen.type("\r");
  await screen.shows(/Write these files\?/);
  screen.type("y");
  await screen.shows(/next: bot-bottle start dev\ncode 0/);
});

Deno.test("init asks only what no flag answers, and writes nothing after n", options, async () => {
  using at = new Scratch();
  const flags = [
    "--allow",
    "docs.example.com",
    "--git-user",
    "Ada <ada@example.org>",
    "--prompt",
    "x",
  ];
  using screen = open(at, [...COMMAND, ...flags]);
  await screen.shows(/Where does the agent belong\?/);
  screen.type("\x1b[B\r");
  await screen.shows(/Write these files\?[^]*template: command/);
  screen.type("n");
  await screen.shows(/nothing was written\ncode 1\n echo$/);
  deepEqual(written(at), []);
});

Deno.test("init --yes on a terminal asks only what has no default", options, async () => {
  using at = withRemote();
  using screen = open(at, ["--yes", "--agent", "dev", "--bottle", "dev"]);
  await screen.shows(/Who is the agent\?/);
  screen.type("shell");
  screen.type("\x15comm");
  await screen.shows(/> command/);
  screen.type("\r");
  await screen.shows(/next: bot-bottle start dev\ncode 0/);
  deepEqual(written(at), ["bottles/base.md", "bottles/dev.md", "agents/dev.md"]);
});

Deno.test(
  "init asks before it replaces, and an agent's name that is taken is not taken",
  options,
  async () => {
    using at = new Scratch();
    at.bottle("dev", "env: { MINE: yes }");
    at.agent("dev", "bottle: dev");
    {
      using screen = open(at, ["--yes", "--bottle", "dev"]);
      await screen.shows(/Name of the agent[^]*> agent/);
      screen.type("\x15dev\r");
      await screen.shows(/agent dev is there already/);
      screen.type("\x03");
      await screen.shows(/code 130/);
    }
    using screen = open(at, ["--yes", ...COMMAND]);
    await screen.shows(/Replace agent dev\?/);
    screen.type("y");
    await screen.shows(/Replace bottle dev\?/);
    screen.type("n");
    await screen.shows(/Cannot make bottle "dev"[^]*code 2/);
    match(read(at, "bottles/dev.md"), /MINE/);
  },
);
