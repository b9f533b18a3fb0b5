import { equal, match, ok } from "node:assert/strict";
import { routes } from "../../supervise/test_fixture.ts";
import { DeskScene, heldValue } from "./scene.ts";
import { looksLike } from "./snapshot.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };
const SIZES = [{ cols: 40, rows: 10 }, { cols: 80, rows: 24 }, { cols: 200, rows: 60 }];

/** Routes of many hosts, so that a difference is longer than any screen. */
function manyRoutes(count: number): string {
  return routes(
    { host: "api.example.com" },
    ...Array.from({ length: count }, (_, n) => ({
      host: `mirror-${n}.example.org`,
      matches: [{ methods: ["GET"], paths: [{ type: "prefix", value: `/files/${n}/` }] }],
    })),
  );
}

for (const size of SIZES) {
  const at = `${size.cols}x${size.rows}`;

  Deno.test(`an empty desk says what will show up there, at ${at}`, options, async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a");
    const screen = scene.desk(size);
    await looksLike(screen, `empty_${at}`, /dev-k3x9a/);
    screen.type("q");
    equal(await screen.ended(), 0);
  });

  Deno.test(
    `the proposals of many bottles stand in one list, newest last, at ${at}`,
    options,
    async () => {
      using scene = new DeskScene();
      const ids: string[] = [];
      for (let n = 1; n <= 12; n++) {
        const bottle = scene.bottle(`bottle-${String(n).padStart(2, "0")}`);
        const { id } = bottle.propose(
          n % 3 === 0 ? heldValue() : { proposedFile: manyRoutes(n % 3) },
        );
        ids.push(id);
      }
      const screen = scene.desk(size);
      await looksLike(screen, `many_${at}`, /12 waiting, 12 bottles run/, ids);
      screen.type("G");
      await looksLike(screen, `many_end_${at}`, /> .*bottle-12/, ids);
      screen.type("q");
      equal(await screen.ended(), 0);
    },
  );

  Deno.test(
    `a difference that is longer than the screen scrolls, and is seen before it is approved, at ${at}`,
    options,
    async () => {
      using scene = new DeskScene();
      const dev = scene.bottle("dev-k3x9a");
      const { id, answer } = dev.propose({ proposedFile: manyRoutes(8) });
      const screen = scene.desk(size);
      await screen.shows(/1 waiting/);
      screen.type("\r");
      await looksLike(screen, `long_top_${at}`, /The agent says/, [id]);
      screen.type("\x1b[6~");
      await looksLike(screen, `long_page_${at}`, size.rows === 60 ? /more below|\d+ of/ : /\n/, [
        id,
      ]);
      screen.type("G");
      await looksLike(screen, `long_end_${at}`, /\]\n \}/, [id]);
      screen.type("g");
      await screen.shows(/The agent says/);
      // Again and again, so that each line has been on the screen.
      for (let page = 0; page < 40; page++) screen.type(" ");
      await screen.shows(/\]\n \}/);
      screen.type("a");
      await screen.shows(/The agent is told|Approved/);
      equal((await answer).status, "approved");
      ok(dev.live().includes("mirror-7.example.org"));
      screen.type("q");
      equal(await screen.ended(), 0);
    },
  );

  Deno.test(
    `the facts of a held request and the question for a reason, at ${at}`,
    options,
    async () => {
      using scene = new DeskScene();
      const { id, answer } = scene.bottle("dev-k3x9a").propose(heldValue());
      const screen = scene.desk(size);
      await screen.shows(/1 waiting/);
      screen.type("a");
      await looksLike(screen, `held_${at}`, /Why:/, [id]);
      screen.type("G");
      await screen.shows(/If approved/);
      screen.type("g" + " ".repeat(5));
      screen.type("a");
      await screen.shows(/Why may it pass\?/);
      screen.type("it is test data");
      await looksLike(screen, `held_reason_${at}`, /test data/, [id]);
      screen.type("\r");
      await screen.shows(/Approved/);
      equal((await answer).notes, "it is test data");
      screen.type("\x03");
      equal(await screen.ended(), 130);
    },
  );

  Deno.test(`the page of keys, at ${at}`, options, async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a");
    const screen = scene.desk(size);
    await screen.shows(/0 waiting|nothing waits/);
    screen.type("?");
    await looksLike(screen, `keys_${at}`, /a {12}approve/);
    screen.type("G");
    await screen.shows(/risk/);
    screen.type("qq");
    equal(await screen.ended(), 0);
  });

  Deno.test(`wide characters and hostile text stay in their lines, at ${at}`, options, async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    const evil =
      "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b1m \u202eevil\u2066 \u200b\u{e0041} \x00\r\b";
    const one = dev.propose({
      justification: `漢字かな交じり文 e\u0301 😀 ${evil}\n\ttab\n${"long ".repeat(60)}${
        "界".repeat(120)
      }`,
      proposedFile: routes({ host: "api.example.com" }, {
        host: "cdn.example.org",
        matches: [{ paths: [{ type: "exact", value: `/漢字/${"very-long-".repeat(25)}` }] }],
      }),
    });
    const two = dev.propose(heldValue({
      path: `/${evil}`,
      context: "\u0301".repeat(40) + "界".repeat(50),
      [`x${evil}`]: "y",
    }));
    const ids = [one.id, two.id];
    const screen = scene.desk(size);
    await looksLike(screen, `hostile_list_${at}`, /2 waiting/, ids);
    screen.type("\r");
    await looksLike(screen, `hostile_file_${at}`, /The agent says/, ids);
    screen.type("G");
    await looksLike(screen, `hostile_file_end_${at}`, /↪|\d of \d+\n/, ids);
    screen.type("qj\r");
    await looksLike(screen, `hostile_report_${at}`, /Why:/, ids);
    screen.type("qq");
    equal(await screen.ended(), 0);
    ok(!screen.raw().includes("owned\x07"), "no title was set");
    // deno-lint-ignore no-control-regex
    ok(!/\x1b\[31m|\x9b|\x1b\[2J.*\x1b\[2J|\u202e/s.test(screen.raw()), "no escape got through");
  });
}

Deno.test("a resize is followed at once, down to what is too small and back", options, async () => {
  using scene = new DeskScene();
  const { id } = scene.bottle("dev-k3x9a").propose({ proposedFile: manyRoutes(3) });
  const screen = scene.desk({ cols: 80, rows: 24 });
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await looksLike(screen, "resize_80x24", /The agent says/, [id]);
  screen.resize(40, 10);
  await looksLike(screen, "resize_40x10", /The agent says/, [id]);
  screen.resize(19, 4);
  await screen.shows(/too small/);
  screen.resize(200, 60);
  await looksLike(screen, "resize_200x60", /The agent says/, [id]);
  screen.resize(80, 24);
  await looksLike(screen, "resize_80x24", /The agent says/, [id]);
  screen.type("qq");
  equal(await screen.ended(), 0);
});

Deno.test(
  "colours are used where they are wanted, and the difference is told apart without",
  options,
  async () => {
    using scene = new DeskScene();
    scene.bottle("dev-k3x9a").propose();
    const env = Object.fromEntries(
      Object.entries(scene.scratch.env()).filter(([name]) => name !== "NO_COLOR"),
    );
    for (const colour of [true, false]) {
      const screen = scene.deskIn(colour ? env : { ...env, NO_COLOR: "1" });
      await screen.shows(/1 waiting/);
      screen.type("\r");
      await screen.shows(/\+ {6}"host": "cdn\.example\.org"/);
      equal(screen.raw().includes("\x1b[32m+"), colour);
      screen.type("qq");
      equal(await screen.ended(), 0);
    }
  },
);

Deno.test(
  "the desk follows proposals that come, are answered elsewhere, and bottles that start and end",
  options,
  async () => {
    using scene = new DeskScene();
    const screen = scene.desk();
    await screen.shows(/nothing waits, 0 bottles run[^]*No bottle runs/);
    const dev = scene.bottle("dev-k3x9a");
    await screen.shows(/1 bottle runs/);
    const first = dev.propose();
    await screen.shows(/1 waiting/);
    const second = dev.propose(heldValue());
    await screen.shows(/2 waiting/);
    equal((await scene.run(["reject", first.id, "--reason", "no"])).code, 0);
    await screen.shows(/1 waiting/);
    match(screen.text(), new RegExp(`> ${second.id}`));
    dev[Symbol.dispose]();
    await screen.shows(/nothing waits, 0 bottles run/);
    screen.type("q");
    equal(await screen.ended(), 0);
  },
);

Deno.test(
  "a file in a queue that is no proposal is named, and the others are shown",
  options,
  async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    dev.propose();
    Deno.writeTextFileSync(
      `${dev.bottle.contract}/queue/broken-12345.proposal.json`,
      `{"id": "\x1b[2J`,
    );
    const screen = scene.desk();
    await screen.shows(
      /1 waiting[^]*Not read: dev-k3x9a broken-12345\.proposal\.json: it is not JSON/,
    );
    screen.type("q");
    equal(await screen.ended(), 0);
  },
);
