/** However the questions of `start` end, the terminal is as before and nothing is left. */
import { deepEqual, ok } from "node:assert/strict";
import { processesNaming, until } from "../cli/support.ts";
import type { Screen } from "../cli/pty.ts";
import { isRestored } from "./restored.ts";
import { StartScene } from "./start_scene.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };

const QUESTIONS: readonly (readonly [string, RegExp])[] = [
  ["the agent", /Which agent\?/],
  ["the bottles", /Which bottles for dev\?/],
  ["the label", /Label and colour for dev/],
  ["the confirmation", /Start dev\? \[y\/N\]/],
];

/** Answers the questions before this one as they stand. */
async function comesTo(screen: Screen, question: number): Promise<void> {
  for (const [, shown] of QUESTIONS.slice(0, question)) {
    await screen.shows(shown);
    screen.type("\r");
  }
  await screen.shows(QUESTIONS[question]![1]);
}

for (const [at, [question]] of QUESTIONS.entries()) {
  Deno.test(
    `Ctrl-C at ${question} ends with 130, restores the terminal and leaves nothing`,
    options,
    async () => {
      using scene = new StartScene();
      const screen = scene.inShell("start");
      await comesTo(screen, at);
      screen.type("\x03");
      await isRestored(screen, 130);
      deepEqual(scene.at.names("state"), []);
    },
  );
}

for (const [name, key] of [["Ctrl-C", "\x03"], ["Escape", "\x1b"]] as const) {
  Deno.test(`${name} at a question that stands alone ends with 130`, options, async () => {
    using scene = new StartScene();
    Deno.mkdirSync(`${scene.at.home}/state/box`, { recursive: true });
    for (
      const [args, question] of [
        ["start dev --yes --label box", /Another label for dev/],
        ["start --dry-run", /Which agent\?/],
      ] as const
    ) {
      const screen = scene.inShell(args);
      await screen.shows(question);
      screen.type(key);
      await isRestored(screen, 130);
    }
    deepEqual(scene.at.names("state"), ["box"]);
  });
}

/** The host's own process: the launcher's name is gone by then. */
async function hostPid(scene: StartScene): Promise<number> {
  const found = () => processesNaming(`--allow-write=${scene.at.home}`);
  ok(await until(() => found().length === 1));
  return found()[0]!;
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", 130]] as const) {
  Deno.test(
    `${signal} at a question ends with ${code} and restores the terminal`,
    options,
    async () => {
      using scene = new StartScene();
      const screen = scene.inShell("start");
      await comesTo(screen, 1);
      Deno.kill(await hostPid(scene), signal);
      await isRestored(screen, code);
      deepEqual(scene.at.names("state"), []);
    },
  );
}

Deno.test("a terminal that is gone ends the questions", options, async () => {
  using scene = new StartScene();
  const screen = scene.open(["start"]);
  await comesTo(screen, 0);
  const pid = await hostPid(scene);
  screen[Symbol.dispose]();
  ok(await until(() => !processesNaming(`--allow-write=${scene.at.home}`).includes(pid)));
  deepEqual(scene.at.names("state"), []);
});
