import { equal, match, ok } from "node:assert/strict";
import { processesNaming, until } from "../cli/support.ts";
import type { Screen } from "../cli/pty.ts";
import { inShell, isRestored } from "./restored.ts";
import { DeskScene, heldValue } from "./scene.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };

/** Runs the desk in a shell that says afterwards how it ended and what the terminal is like. */
function deskInShell(scene: DeskScene, env: Readonly<Record<string, string>> = {}): Screen {
  return scene.script(inShell("supervise"), env);
}

/** The desk's own process: the launcher's name is gone by then. */
async function deskPid(scene: DeskScene): Promise<number> {
  const found = () => processesNaming(`--allow-write=${scene.home}`);
  ok(await until(() => found().length === 1));
  return found()[0]!;
}

for (
  const [where, keys, shown] of [
    ["in the list", "", /1 waiting/],
    ["before a proposal", "\r", /Facts:/],
    ["while a reason is typed", "\rrsome words", /some words/],
    ["on the page of keys", "?", /quit from anywhere/],
  ] as const
) {
  Deno.test(
    `Ctrl-C ${where} ends the desk with 130 and restores the terminal`,
    options,
    async () => {
      using scene = new DeskScene();
      scene.bottle("dev-k3x9a").propose(heldValue());
      const screen = deskInShell(scene);
      await screen.shows(/1 waiting/);
      for (const key of keys) {
        screen.type(key);
        if (key === "\r") await screen.shows(/Facts:/);
      }
      await screen.shows(shown);
      screen.type("\x03");
      await isRestored(screen, 130);
    },
  );
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", 130]] as const) {
  Deno.test(`${signal} ends the desk with ${code} and restores the terminal`, options, async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a").propose();
    const screen = deskInShell(scene);
    await screen.shows(/1 waiting/);
    Deno.kill(await deskPid(scene), signal);
    await isRestored(screen, code);
  });
}

Deno.test("SIGTERM while an editor has the terminal ends both", options, async () => {
  using scene = new DeskScene();
  scene.bottle("dev-k3x9a").propose();
  const editor = `${scene.scratch.root}/editor`;
  Deno.writeTextFileSync(editor, "#!/bin/sh\necho editing; exec sleep 1000\n", { mode: 0o755 });
  const screen = deskInShell(scene, { EDITOR: editor, VISUAL: "" });
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Live routes → proposed/);
  screen.type("m");
  await screen.shows(/editing/);
  Deno.kill(await deskPid(scene), "SIGTERM");
  await screen.shows(/code 143/);
  await isRestored(screen, 143);
});

Deno.test("a terminal that is gone ends the desk", options, async () => {
  using scene = new DeskScene();
  scene.bottle("dev-k3x9a").propose();
  const screen = scene.desk();
  await screen.shows(/1 waiting/);
  const pid = await deskPid(scene);
  screen[Symbol.dispose]();
  ok(await until(() => !processesNaming(`--allow-write=${scene.home}`).includes(pid)));
});

Deno.test(
  "a crash restores the terminal, and names the log that says where it was",
  options,
  async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a").propose();
    const screen = deskInShell(scene);
    await screen.shows(/1 waiting/);
    // What the bottles' folders stand in is not a folder any more.
    Deno.renameSync(`${scene.home}/state`, `${scene.home}/moved`);
    Deno.writeTextFileSync(`${scene.home}/state`, "");
    await isRestored(screen, 1);
    match(screen.text(), /^bot-bottle: The desk ended: Not a directory/m);
    match(screen.text(), /hint: [^]*desk-crash\.log\s+says\s+where/);
    const log = `${scene.home}/desk-crash.log`;
    match(Deno.readTextFileSync(log), /^\d{4}-.*Z\n.*Not a directory[^]*\n +at /);
    equal(Deno.statSync(log).mode! & 0o777, 0o600);
  },
);

Deno.test(
  "a crash whose log cannot be written restores the terminal and says so",
  options,
  async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a").propose();
    Deno.mkdirSync(`${scene.home}/desk-crash.log`);
    const screen = deskInShell(scene);
    await screen.shows(/1 waiting/);
    Deno.renameSync(`${scene.home}/state`, `${scene.home}/moved`);
    Deno.writeTextFileSync(`${scene.home}/state`, "");
    await isRestored(screen, 1);
    match(screen.text(), /desk-crash\.log\s+could\s+not\s+be\s+written/);
  },
);

Deno.test("a home that is removed leaves an empty desk", options, async () => {
  using scene = new DeskScene();
  scene.bottle("dev-k3x9a").propose();
  const screen = deskInShell(scene);
  await screen.shows(/1 waiting/);
  Deno.removeSync(`${scene.home}/state`, { recursive: true });
  await screen.shows(/nothing waits, 0 bottles run/);
  screen.type("q");
  await isRestored(screen, 0);
});

Deno.test("without a terminal the desk names the flag that needs none", async () => {
  using scene = new DeskScene();
  const { code, stderr } = await scene.run(["supervise"]);
  equal(code, 2);
  match(stderr, /there is no terminal to ask on[^]*give --once/);
});
