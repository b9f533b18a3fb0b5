/** The questions of `start` on a real terminal, up to the shell in the bottle. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { looksLike } from "./snapshot.ts";
import { StartScene } from "./start_scene.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };
const [UP, TAB] = ["\x1b[A", "\t"];

Deno.test("agent, bottles, label and colour are chosen, and so it starts", options, async () => {
  using scene = new StartScene();
  scene.at.agent("lost", "");
  const screen = scene.open(["start", "--cwd"]);
  await looksLike(screen, "start_agent_80x24", /reviewer +home · command · base/);
  screen.type("de");
  await screen.shows(/Filter: de▏\s+> dev/);
  screen.type("\r");
  await looksLike(screen, "start_bottles_80x24", /\[1\] web +base > python > web/);
  screen.type(UP + UP + UP);
  await screen.shows(/> \[ \] base/);
  screen.type(" <");
  await screen.shows(/\[1\] base[^]*\[2\] web[^]*Order: base, web/);
  screen.type("\r");
  await screen.shows(/none: the name is dev and five random characters/);
  screen.type("Fix it");
  await screen.shows(/> Fix it▏/);
  screen.type(TAB + TAB);
  await looksLike(screen, "start_label_80x24", /\[green\]/);
  screen.type("\r");
  await screen.shows(/name +Fix it \(dev\)[^]*bottles: \[base, web\][^]*Start dev\? \[y\/N\]/);
  match(screen.text(), new RegExp(`workspace +a copy of ${scene.at.project}`));
  screen.type("y");
  await screen.shows(/fix-it:\/workspace\$\s*$/);
  ok(screen.raw().includes("\x1b]0;Fix it (dev)\x07"), "the title was set");
  screen.type("exit 3\r");
  equal(await screen.ended(), 3);
  const { agent, bottles, picked, label, color } = scene.record("fix-it");
  deepEqual([agent, bottles, picked, label, color], [
    "dev",
    ["base", "web"],
    true,
    "Fix it",
    "green",
  ]);
});

Deno.test(
  "Enter, Enter, y starts an agent as it is, also when typed at once",
  options,
  async () => {
    using scene = new StartScene();
    const screen = scene.open(["start", "dev"]);
    await screen.shows(/Which bottles for dev\?/);
    screen.type("\r\ry");
    await screen.shows(/:\/workspace\$\s*$/);
    screen.type("exit\r");
    equal(await screen.ended(), 0);
    const [slug] = scene.at.names("state");
    match(slug!, /^dev-[a-z0-9]{5}$/);
    const record = scene.record(slug!);
    deepEqual([record["bottles"], record["picked"], record["label"]], [
      ["web"],
      undefined,
      undefined,
    ]);
  },
);

Deno.test(
  "bottles that do not merge say why on the spot, and Escape goes back",
  options,
  async () => {
    using scene = new StartScene();
    const screen = scene.open(["start"]);
    await screen.shows(/dev +home · command · web/);
    screen.type("\r");
    await screen.shows(/Which bottles for dev\?/);
    screen.type("oth ");
    await screen.shows(/Host api\.example\.com already has a route[^]*Order: web, other/);
    screen.type("\r");
    screen.type(" ");
    await screen.shows(/Order: web\n/);
    screen.type("\r");
    await screen.shows(/Label and colour for dev/);
    screen.type("\x1b");
    await screen.shows(/Which bottles for dev\?/);
    screen.type("\x1b");
    await screen.shows(/Which agent\?/);
    screen.type("\x1b");
    equal(await screen.ended(), 130);
    match(screen.text(), /bot-bottle: Nothing was started/);
    deepEqual(scene.at.names("state"), []);
  },
);

Deno.test("what a file says reaches the terminal without its escapes", options, async () => {
  using scene = new StartScene();
  const agents = join(scene.at.project, ".bot-bottle/agents");
  Deno.mkdirSync(agents, { recursive: true });
  Deno.writeTextFileSync(join(agents, "evil.md"), '---\n"\\e[2J\\u202e漢": 1\n---\n');
  Deno.writeTextFileSync(join(agents, "\x1b[31mname.md"), "---\nbottle: web\n---\n");
  const screen = scene.open(["start"]);
  await screen.shows(/evil +working directory · cannot be used: Unknown key/);
  screen.type("evil\r");
  await screen.shows(/Filter: evil▏[^]*Unknown key[^]*evil\.md:2:1\)/);
  for (const hostile of ["\x1b[2J\u202e", "\x1b[31mname", "\u202e"]) {
    ok(!screen.raw().includes(hostile), JSON.stringify(hostile));
  }
  screen.type("\x03");
  equal(await screen.ended(), 130);
});

Deno.test("a resize is followed at once, down to what is too small and back", options, async () => {
  using scene = new StartScene();
  const screen = scene.open(["start", "dev"]);
  await screen.shows(/Which bottles for dev\?/);
  screen.type("\r\r");
  await screen.shows(/Start dev\? \[y\/N\]/);
  screen.resize(40, 10);
  await looksLike(screen, "start_resized_40x10", /1-5 of \d+, more below/);
  screen.resize(15, 4);
  await screen.shows(/This terminal\s+is too small/);
  screen.resize(80, 24);
  await screen.shows(/Start dev\? \[y\/N\]/);
  screen.type("n");
  equal(await screen.ended(), 1);
  match(screen.text(), /bot-bottle: not started/);
  deepEqual(scene.at.names("state"), []);
});

Deno.test(
  "a name that is taken before the claim is asked for again, with the reason",
  options,
  async () => {
    using scene = new StartScene();
    scene.at.bottle("asks", "env: {TOPIC: '?What about'}");
    scene.at.agent("asker", "bottle: asks");
    const screen = scene.open(["start", "asker", "--bottle", "asks"]);
    await screen.shows(/Label and colour for asker/);
    screen.type("box\r");
    await screen.shows(/Start asker\? \[y\/N\]/);
    screen.type("y");
    await screen.shows(/What about \(TOPIC\):/);
    Deno.mkdirSync(join(scene.at.home, "state/box"), { recursive: true });
    screen.type("this\r");
    await screen.shows(/Another label for asker[^]*A bottle named box exists/);
    screen.type("2\r");
    await screen.shows(/What about \(TOPIC\):\s*$/);
    screen.type("that\r");
    await screen.shows(/box2:\/workspace\$\s*$/);
    screen.type("echo $TOPIC; exit\r");
    await screen.shows(/^that$/m);
    equal(await screen.ended(), 0);
  },
);

Deno.test(
  "a label is shown in its colour, and without where NO_COLOR is set",
  options,
  async () => {
    using scene = new StartScene();
    for (const colour of [true, false]) {
      const screen = scene.open(["start", "dev"], { colour });
      await screen.shows(/Which bottles for dev\?/);
      screen.type("\rFix it\t\t");
      await screen.shows(/\[green\]/);
      screen.type("\x03");
      equal(await screen.ended(), 130);
      equal(screen.raw().includes("\x1b[32m Fix it (dev)"), colour);
      // deno-lint-ignore no-control-regex
      equal(/\x1b\[3\dm/.test(screen.raw()), colour);
    }
  },
);

Deno.test("--yes without an agent asks all but the last question", options, async () => {
  using scene = new StartScene();
  const screen = scene.open(["start", "--yes", "--prompt", "echo from $MODE"]);
  await screen.shows(/Which agent\?/);
  screen.type("rev\r");
  await screen.shows(/name: reviewer[^]*^from test$/m);
  equal(await screen.ended(), 0);
});

Deno.test("--prompt asks for nothing but the confirmation, and shows it", options, async () => {
  using scene = new StartScene();
  const screen = scene.open(["start", "reviewer", "--prompt", "echo from $MODE"]);
  await screen.shows(/prompt +echo from \$MODE[^]*Start reviewer\? \[y\/N\]/);
  screen.type("y");
  await screen.shows(/^from test$/m);
  equal(await screen.ended(), 0);
});

Deno.test("without agents start says how to make one", options, async () => {
  using scene = new StartScene();
  Deno.removeSync(join(scene.at.home, "agents"), { recursive: true });
  const screen = scene.open(["start"]);
  equal(await screen.ended(), 3);
  match(screen.text(), /There is no agent to start\n.*hint: bot-bottle init makes one/);
});

Deno.test(
  "what is wrong with an agent or bottles that were named is said before any question",
  options,
  async () => {
    using scene = new StartScene();
    for (
      const [args, reason] of [
        [["start", "dve"], /Agent "dve" does not exist\n.*the agents are dev, reviewer/],
        [["start", "dev", "--bottle", "web", "--bottle", "other"], /already has a route/],
        [["start", "dev", "--backend", "none"], /There is no backend "none"/],
      ] as const
    ) {
      const screen = scene.open(args);
      ok(await screen.ended() > 1);
      match(screen.text(), reason);
      ok(!screen.raw().includes("\x1b[?1049h"));
    }
  },
);
