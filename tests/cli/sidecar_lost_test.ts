import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Screen } from "./pty.ts";
import { LAUNCHER, processesNaming, Scratch, until } from "./support.ts";

function prepared(): Scratch {
  const at = new Scratch();
  at.bottle("dev", "egress:\n  routes:\n    - host: api.example.com");
  at.agent("dev", "bottle: dev");
  return at;
}

/** The sidecar of the one bottle of a home folder. */
function sidecars(at: Scratch): number[] {
  const named = processesNaming(at.home);
  return processesNaming("bot-bottle-sidecar.js").filter((pid) => named.includes(pid));
}

function killSidecar(at: Scratch): void {
  const [pid, ...others] = sidecars(at);
  deepEqual(others, []);
  Deno.kill(pid!, "SIGKILL");
}

Deno.test("the sidecar lost under an agent that nobody watches: it is ended with 1 and resume is named", async () => {
  using at = prepared();
  // It tries for as long as it is let, as agents do.
  const prompt = "echo up; touch /workspace/kept; while true; do sleep 1; done";
  await using child = at.start(["start", "dev", "--yes", "--label", "box", "--prompt", prompt]);
  const stderr = new Response(child.stderr).text();
  const stdout = child.stdout.getReader();
  equal(new TextDecoder().decode((await stdout.read()).value), "up\n");
  killSidecar(at);
  const { code } = await child.status;
  await stdout.cancel();
  equal(code, 1);
  const said = await stderr;
  match(said, /the sidecar ended \(SIGKILL\): bottle box has no network from now on/);
  match(said, /the agent was ended: without its sidecar \(SIGKILL\) bottle box has no network/);
  match(said, /hint: [^\n]*bot-bottle resume box/);
  ok(!said.includes("ended after"), said);
  const goes = await at.run(["resume", "box", "--yes", "--prompt", "ls /workspace"]);
  deepEqual([goes.code, goes.stdout], [0, "kept\n"]);
  ok(!goes.stderr.includes("sidecar"), goes.stderr);
  deepEqual(processesNaming(at.root), []);
});

Deno.test(
  "the sidecar lost under an agent on a terminal: it goes on, and title and last line say it",
  // The pty library keeps its own handles until the process ends.
  { sanitizeOps: false, sanitizeResources: false },
  async () => {
    using at = prepared();
    using screen = new Screen(LAUNCHER, ["start", "dev", "--yes", "--label", "box"], {
      cwd: at.project,
      env: { ...at.env(), TERM: "xterm-256color" },
      cols: 160,
    });
    await screen.shows(/box:\/workspace\$\s*$/);
    killSidecar(at);
    await screen.shows(/bottle box has no network from now on/);
    ok(
      await until(() =>
        screen.raw().includes("\x1b]0;NO NETWORK, the sidecar ended · box (dev)\x07")
      ),
    );
    screen.type("echo still h$((5-5))re\r");
    await screen.shows(/still h0re/);
    screen.type("exit 5\r");
    equal(await screen.ended(), 5);
    match(screen.text(), /bottle box had no network at the end: its sidecar was lost \(SIGKILL\)/);
  },
);

Deno.test(
  "the sidecar lost under a prompt on a terminal: the agent is ended all the same",
  { sanitizeOps: false, sanitizeResources: false },
  async () => {
    using at = prepared();
    const prompt = "echo up; while true; do sleep 1; done";
    using screen = new Screen(
      LAUNCHER,
      ["start", "dev", "--yes", "--label", "box", "--prompt", prompt],
      { cwd: at.project, env: { ...at.env(), TERM: "xterm-256color" }, cols: 160 },
    );
    await screen.shows(/^up$/m);
    killSidecar(at);
    equal(await screen.ended(), 1);
    match(screen.text(), /the agent was ended: without its sidecar/);
  },
);
