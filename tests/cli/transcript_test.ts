import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Scratch } from "./support.ts";

/** One command line and what must come of it. */
interface Case {
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

const CASES: readonly Case[] = [
  { args: [], code: 0, stdout: /^USAGE\n {2}bot-bottle run / },
  { args: ["--version"], code: 0, stdout: /^\d+\.\d+\.\d+\n$/ },
  { args: ["run", "--help"], code: 0, stdout: /bot-bottle run -- sh -c 'exit 7'/ },
  { args: ["lst"], code: 2, stderr: /No command "lst"\n.*did you mean `list`/ },
  { args: ["run"], code: 2, stderr: /Expected at least 1 argument/ },
  { args: ["run", "--bogus", "--", "true"], code: 2, stderr: /--bogus/ },
  { args: ["run", "--env", "NO-NAME=x", "--", "true"], code: 2, stderr: /"NO-NAME" as --env/ },
  { args: ["run", "--timeout", "soon", "--", "true"], code: 2, stderr: /"soon" as a duration/ },
  { args: ["run", "--timeout", "30d", "--", "true"], code: 2, stderr: /"30d" as a duration/ },
  {
    args: ["run", "--backend", "buble", "--", "true"],
    code: 2,
    stderr: /no backend "buble"\n.*the backends are bubblewrap/,
  },
  {
    args: ["run", "--bottle", "none", "--", "true"],
    code: 3,
    stderr: /Bottle "none" does not exist/,
  },
  {
    args: ["run", "--bottle", "broken", "--", "true"],
    code: 3,
    stderr: /broken\.md:4:\d+: .*\n.*rout:[^]*\^/,
  },
  {
    args: ["run", "--bottle", "secret", "--", "true"],
    code: 3,
    stderr: /secret\.md:5:.*UNSET_TOKEN, which is not set/,
  },
  { args: ["explain"], code: 2, stderr: /neither an agent nor a bottle/ },
  { args: ["explain", "nobody"], code: 3, stderr: /Agent "nobody" does not exist/ },
  {
    args: ["explain", "dev"],
    code: 0,
    stdout: /name: dev +#[^]*host: api\.example\.com +# .*dev\.md:4/,
  },
  { args: ["info", "dev", "--json"], code: 0, stdout: /^\{/ },
  { args: ["start"], code: 2, stderr: /choose an agent: there is no terminal[^]*give AGENT/ },
  { args: ["start", "dev"], code: 2, stderr: /no terminal to ask on[^]*give --yes/ },
  { args: ["start", "dev", "--dry-run"], code: 0, stderr: /name: dev\n/ },
  {
    args: ["start", "claude-agent", "--yes"],
    code: 3,
    stderr: /Cannot start claude: the bottle names no credential\n.*auth_token: NAME/,
  },
  { args: ["resume", "nothing"], code: 2, stderr: /Cannot resume "nothing": there is no such/ },
  { args: ["toolchain", "list"], code: 0, stdout: /^PROVIDER +VERSION[^]*claude +\d/ },
  { args: ["toolchain", "install", "cloude"], code: 3, stderr: /did you mean claude/ },
  { args: ["logs", "nothing"], code: 2, stderr: /There is no bottle "nothing"/ },
  { args: ["list", "--json"], code: 0, stdout: /^\[\]\n$/ },
  { args: ["list", "available"], code: 0, stdout: /^KIND {4}NAME[^]*agent {3}dev/ },
  { args: ["cleanup"], code: 0, stderr: /nothing is left over/ },
  { args: ["completions", "tcsh"], code: 2, stderr: /bash, zsh, fish/ },
  { args: ["egress", "test", "GET"], code: 2, stderr: /URL/ },
];

function manifests(at: Scratch): void {
  at.bottle("dev", "egress:\n  routes:\n    - host: api.example.com");
  at.bottle("broken", "egress:\n  log: 1\n  rout: []");
  at.bottle(
    "secret",
    "egress:\n  routes:\n    - host: api.example.com\n      auth: {scheme: Bearer, token_ref: UNSET_TOKEN}",
  );
  at.agent("dev", "bottle: dev");
  at.bottle("claude-bottle", "agent_provider: {template: claude}");
  at.agent("claude-agent", "bottle: claude-bottle");
}

Deno.test("every command line ends with its exit code and says what to do next, without a trace", async (t) => {
  using at = new Scratch();
  manifests(at);
  for (const { args, code, stdout, stderr } of CASES) {
    await t.step(`bot-bottle ${args.join(" ")}`, async () => {
      const ended = await at.run(args);
      equal(ended.code, code, ended.stderr);
      if (stdout !== undefined) match(ended.stdout, stdout);
      if (stderr !== undefined) match(ended.stderr, stderr);
      ok(!/^\s+at .*:\d+/m.test(ended.stderr), `a stack trace:\n${ended.stderr}`);
      if (code !== 0) match(ended.stderr, /^bot-bottle: /m);
    });
  }
  deepEqual(at.names("state"), []);
});

Deno.test("BOT_BOTTLE_LOG_LEVEL=debug shows where an error came from", async () => {
  using at = new Scratch();
  const { code, stderr } = await at.run(["explain", "nobody"], { BOT_BOTTLE_LOG_LEVEL: "debug" });
  equal(code, 3);
  match(stderr, /^\s+at .*:\d+/m);
});

Deno.test("every listing is JSON with --json", async () => {
  using at = new Scratch();
  manifests(at);
  for (
    const args of [["list", "available"], ["list", "active"], ["explain", "dev"], ["info", "dev"], [
      "cleanup",
    ]]
  ) {
    const { code, stdout } = await at.run([...args, "--json"]);
    equal(code, 0, args.join(" "));
    ok(JSON.parse(stdout) !== null, args.join(" "));
  }
});

Deno.test("completions bash completes commands and flags in a real bash", async () => {
  using at = new Scratch();
  const { stdout } = await at.run(["completions", "bash"]);
  const script = `${stdout}
complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bot_bottle; echo "\${COMPREPLY[*]}"; }
complete_line bot-bottle exp
complete_line bot-bottle list av
complete_line bot-bottle run --ti
complete_line bot-bottle start dev --col
`;
  const bash = await new Deno.Command("bash", { args: ["-c", script] }).output();
  deepEqual(new TextDecoder().decode(bash.stdout).split("\n"), [
    "explain",
    "available",
    "--timeout",
    "--color",
    "",
  ]);
});

Deno.test("control characters in a name do not reach the terminal", async () => {
  using at = new Scratch();
  const { stderr } = await at.run(["explain", "a\x1b]0;owned\x07b"]);
  // deno-lint-ignore no-control-regex
  ok(!/[\x00-\x09\x0b-\x1f]/.test(stderr), JSON.stringify(stderr));
});
