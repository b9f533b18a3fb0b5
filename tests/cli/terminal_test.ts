import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Screen } from "./pty.ts";
import { LAUNCHER, Scratch, until } from "./support.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };

function prepared(): Scratch {
  const at = new Scratch();
  at.bottle("dev", "env: {MODE: test}");
  at.agent("dev", "bottle: dev");
  return at;
}

function open(at: Scratch, args: readonly string[], size = {}): Screen {
  return new Screen(LAUNCHER, args, {
    cwd: at.project,
    env: { ...at.env(), TERM: "xterm-256color" },
    ...size,
  });
}

async function shell(at: Scratch, size = {}): Promise<Screen> {
  const screen = open(at, ["start", "dev", "--yes", "--label", "box"], size);
  await screen.shows(/box:\/workspace\$\s*$/);
  return screen;
}

Deno.test("start asks, and starts nothing when the answer is no", options, async () => {
  using at = prepared();
  using screen = open(at, ["start", "dev"]);
  await screen.shows(/Label and colour for dev/);
  screen.type("\r");
  await screen.shows(/name: dev[^]*Start dev\? \[y\/N\]/);
  screen.type("n");
  equal(await screen.ended(), 1);
  deepEqual(at.names("state"), []);
});

Deno.test("start opens a shell after y, and its exit code is the program's", options, async () => {
  using at = prepared();
  using screen = open(at, ["start", "dev", "--label", "box"]);
  await screen.shows(/Start dev\? \[y\/N\]/);
  screen.type("y");
  await screen.shows(/box:\/workspace\$\s*$/);
  screen.type("exit 5\r");
  equal(await screen.ended(), 5);
  match(screen.text(), /box is kept/);
});

Deno.test("Ctrl-C ends a command in the bottle and not the shell", options, async () => {
  using at = prepared();
  using screen = await shell(at);
  screen.type("sleep 1000\r");
  await new Promise((wake) => setTimeout(wake, 1000));
  screen.type("\x03");
  screen.type("echo st$((4-2))ll here: $?\r");
  await screen.shows(/st2ll here: 130/);
  screen.type("exit\r");
  await screen.ended();
});

Deno.test("job control works in the bottle: Ctrl-Z stops a job, fg goes on", options, async () => {
  using at = prepared();
  using screen = await shell(at);
  screen.type("sleep 1000\r");
  await new Promise((wake) => setTimeout(wake, 1000));
  screen.type("\x1a");
  await screen.shows(/Stopped +sleep 1000/);
  screen.type("jobs; kill %1; echo d$((1))ne\r");
  await screen.shows(/d1ne/);
  screen.type("exit\r");
  await screen.ended();
});

Deno.test("the bottle sees the terminal's size and every change of it", options, async () => {
  using at = prepared();
  using screen = await shell(at, { cols: 91, rows: 31 });
  screen.type("stty size\r");
  await screen.shows(/^31 91$/m);
  screen.resize(70, 20);
  await new Promise((wake) => setTimeout(wake, 700));
  screen.type("stty size\r");
  await screen.shows(/^20 70$/m);
  screen.type("exit\r");
  await screen.ended();
});

Deno.test("modes and title that a bottle left behind are restored", options, async () => {
  using at = prepared();
  using screen = new Screen("/bin/sh", [
    "-c",
    `"$0" start dev --yes --label box; echo "code $?"; stty -a | grep -o ' -*echo ' `,
    LAUNCHER,
  ], { cwd: at.project, env: { ...at.env(), TERM: "xterm-256color" } });
  await screen.shows(/box:\/workspace\$\s*$/);
  ok(screen.raw().includes("\x1b]0;box (dev)\x07"), "the title was set");
  screen.type("printf '\\033[?25l\\033[?2004h'; stty -echo; exit 3\r");
  await screen.shows(/code 3\n echo$/);
  await screen.ended();
  ok(screen.raw().lastIndexOf("\x1b[?25h") > screen.raw().lastIndexOf("\x1b[?25l"));
  ok(screen.raw().lastIndexOf("\x1b[?2004l") > screen.raw().lastIndexOf("\x1b[?2004h"));
  ok(screen.raw().includes("\x1b[23;0t"), "the title was restored");
});

Deno.test(
  "what a bottle did to the screen, its letters and its keys is undone",
  options,
  async () => {
    using at = prepared();
    using screen = new Screen("/bin/sh", [
      "-c",
      `echo before; "$0" run -- printf '\\033[?1049h\\033[?1h\\033=\\033[?1000h\\033(0\\033[?7l\\033[4h'; echo after`,
      LAUNCHER,
    ], { cwd: at.project, env: { ...at.env(), TERM: "xterm-256color" } });
    // The first screen again, with letters instead of lines, and nothing between but what bot-bottle said.
    await screen.shows(/^before\n[^]*\nafter$/);
    await screen.ended();
    const modes = screen.modes();
    deepEqual([modes.applicationCursorKeysMode, modes.applicationKeypadMode], [false, false]);
    deepEqual([modes.mouseTrackingMode, modes.wraparoundMode, modes.insertMode], [
      "none",
      true,
      false,
    ]);
  },
);

Deno.test("colours and palette that a bottle set are as configured again", options, async () => {
  using at = prepared();
  // OSC 4, 10, 11 and 12: a colour of the palette, foreground, background and cursor (xterm's ctlseqs).
  const set = ["4;1;#ff00ff", "10;#00ff00", "11;#0000ff", "12;#ff0000"];
  using screen = open(at, [
    "run",
    "--",
    "printf",
    set.map((each) => `\\033]${each}\\007`).join(""),
  ]);
  equal(await screen.ended(), 0);
  const raw = screen.raw();
  for (const [n, reset] of ["104", "110", "111", "112"].entries()) {
    const at = raw.indexOf(`\x1b]${set[n]}\x07`);
    ok(at >= 0, set[n]);
    ok(raw.indexOf(`\x1b]${reset}\x07`, at) > at, reset);
  }
});

Deno.test(
  "run passes Ctrl-C to its command and ends with the command's code",
  options,
  async () => {
    using at = prepared();
    using screen = open(at, [
      "run",
      "--",
      "sh",
      "-c",
      "trap 'echo caught; exit 42' INT; echo up; while :; do sleep 0.05; done",
    ]);
    await screen.shows(/^up$/m);
    screen.type("\x03");
    equal(await screen.ended(), 42);
    match(screen.text(), /caught/);
    ok(await until(() => at.names("state").length === 0, 1000));
  },
);

Deno.test("start without an agent lets one be picked", options, async () => {
  using at = prepared();
  at.agent("other", "bottle: dev");
  using screen = open(at, ["start", "--dry-run"]);
  await screen.shows(/Which agent\?[^]*dev[^]*other/);
  screen.type("\x1b[B");
  screen.type("\r");
  await screen.shows(/name: other/);
  equal(await screen.ended(), 0);
});

Deno.test("a label that is taken is asked for again", options, async () => {
  using at = prepared();
  const args = ["start", "dev", "--yes", "--label", "box", "--color", "green", "--prompt", "true"];
  equal((await at.run(args)).code, 0);
  using screen = open(at, args);
  await screen.shows(/Another label for dev[^]*A bottle named box exists/);
  screen.type("\r");
  await screen.shows(/exists; choose another label[^]*exists; choose another label/);
  screen.type(" Two\r");
  equal(await screen.ended(), 0);
  deepEqual(at.names("state"), ["box", "box-two"]);
  using list = new Screen(LAUNCHER, ["list"], {
    cwd: at.project,
    env: Object.fromEntries(Object.entries(at.env()).filter(([name]) => name !== "NO_COLOR")),
    cols: 120,
  });
  await list.shows(/box Two \(dev\)/);
  ok(list.raw().includes("\x1b[32mbox-two"), "the label's colour is shown");
});
