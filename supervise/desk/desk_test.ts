import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { width } from "../../screen/cells.ts";
import type { Detail } from "./detail.ts";
import { reduce } from "./reduce.ts";
import { type DeskCommand, type DeskEvent, type DeskState, firstState } from "./state.ts";
import { view } from "./view.ts";
import type { WaitingRow } from "./waiting.ts";

const SIZE = { columns: 80, rows: 24 };

function row(id: string, more: Partial<WaitingRow> = {}): WaitingRow {
  return {
    key: `dev/${id}`,
    slug: "dev",
    id,
    tool: "egress-allow",
    arrived: "2030-01-31T12:00:00.000Z",
    hash: "p1",
    liveHash: "l1",
    stale: false,
    summary: `+${id}.example.com`,
    ...more,
  };
}

function detail(id: string, more: Partial<Detail> = {}): Detail {
  return {
    key: `dev/${id}`,
    slug: "dev",
    id,
    tool: "egress-allow",
    arrived: "2030-01-31T12:00:00.000Z",
    hash: "p1",
    liveHash: "l1",
    stale: false,
    lines: [{ kind: "added", text: "+x" }],
    problem: undefined,
    draft: "draft",
    edited: undefined,
    ...more,
  };
}

function looked(...rows: WaitingRow[]): DeskEvent {
  return { type: "looked", rows, problems: [], bottles: ["dev"] };
}

const NAMED = new Set(
  "up down pageup pagedown home end enter escape backspace interrupt".split(" "),
);

/** The desk after these events, and what it asked for at the last one. A text stands for keys. */
function after(
  events: readonly (DeskEvent | string)[],
  start: DeskState = firstState(SIZE),
): { state: DeskState; commands: readonly DeskCommand[]; text: string } {
  let state = start;
  let commands: readonly DeskCommand[] = [];
  for (const event of events) {
    const steps: DeskEvent[] = typeof event === "string"
      ? (NAMED.has(event) ? [event] : [...event]).map((key) => ({ type: "key", key }))
      : [event];
    for (const each of steps) ({ state, commands } = reduce(state, each));
  }
  return { state, commands, text: view(state).map(({ text }) => text).join("\n") };
}

const open = (more: Partial<Detail> = {}) => [
  looked(row("one", { stale: more.stale ?? false })),
  { type: "loaded", detail: detail("one", more) } as const,
];
const long = Array.from({ length: 60 }, (_, n) => ({ kind: "added" as const, text: `+${n}` }));

Deno.test("an answer key in the list shows the proposal first", () => {
  for (const key of ["enter", "a", "m", "r"]) {
    deepEqual(after([looked(row("one")), key]).commands, [{ do: "load", slug: "dev", id: "one" }]);
  }
});

Deno.test("a approves the bytes that were shown", () => {
  deepEqual(after([...open(), "a"]).commands, [{
    do: "answer",
    slug: "dev",
    id: "one",
    decision: {
      status: "approved",
      notes: "",
      shown: { proposal: "p1", live: "l1" },
      staleAccepted: false,
    },
  }]);
});

Deno.test("lines that were not shown have to be shown, or the key pressed again", () => {
  const first = after([...open({ lines: long }), "a"]);
  deepEqual(first.commands, []);
  match(first.text, /lines were not shown yet; a again/);
  equal(after(["a"], first.state).commands[0]?.do, "answer");
  equal(after(["pagedown", "pagedown", "pagedown", "a"], first.state).commands[0]?.do, "answer");
  // Who jumps to the end has passed the middle by.
  match(after([...open({ lines: long }), "end", "a"]).text, /not shown yet/);
});

Deno.test("the second press counts for what the first one said, and for nothing else", () => {
  const told = after([...open({ lines: long }), "a"]).state;
  const scrolled = after(["pagedown", "a"], told);
  deepEqual(scrolled.commands, []);
  match(scrolled.text, /not shown yet/);
  deepEqual(after(["r", "escape", "a"], told).commands, []);
});

Deno.test("a stale proposal is marked and has to be approved twice", () => {
  const list = after([looked(row("one", { stale: true }))]);
  match(list.text, /\[stale\]/);
  const first = after([...open({ stale: true }), "a"]);
  deepEqual(first.commands, []);
  match(first.text, /STALE[^]*Stale: made against other live routes; a again/);
  const [command] = after(["a"], first.state).commands;
  ok(command?.do === "answer" && command.decision.staleAccepted === true);
});

Deno.test("what changes while it is open is loaded again, and approving it takes two presses", () => {
  const changed = after([...open(), looked(row("one", { liveHash: "l2" }))]);
  deepEqual(changed.commands, [{ do: "load", slug: "dev", id: "one" }]);
  const shown = after(
    [{ type: "loaded", detail: detail("one", { liveHash: "l2" }) }],
    changed.state,
  );
  match(shown.text, /It changed while it was open/);
  const first = after(["a"], shown.state);
  deepEqual(first.commands, []);
  const [command] = after(["a"], first.state).commands;
  ok(command?.do === "answer" && command.decision.shown.live === "l2");
});

Deno.test("a prompt goes when its proposal changes: what was typed was about something else", () => {
  const typing = after([...open(), "r", "no"]);
  match(typing.text, /Why not[^]*no/);
  const changed = after(
    [{ type: "loaded", detail: detail("one", { hash: "p2" }) }],
    typing.state,
  );
  equal(changed.state.prompt, undefined);
});

Deno.test("reports are approved with a reason only, and cannot be modified", () => {
  const report = open({ tool: "egress-token-allow", liveHash: undefined, draft: undefined });
  match(after([...report, "m"]).text, /cannot be modified/);
  const empty = after([...report, "a", " ", "enter"]);
  deepEqual(empty.commands, []);
  match(empty.text, /A reason is needed/);
  const [command] = after(["test data", "enter"], empty.state).commands;
  ok(command?.do === "answer");
  deepEqual([command.decision.status, command.decision.notes], ["approved", "test data"]);
});

Deno.test("reject asks why, and Esc takes it back", () => {
  deepEqual(after([...open(), "r", "enter"]).commands, []);
  deepEqual(after([...open(), "r", "no", "escape"]).commands, []);
  const [command] = after([...open(), "r", "ä", "backspace", "use the mirror", "enter"]).commands;
  ok(command?.do === "answer");
  deepEqual([command.decision.status, command.decision.notes], ["rejected", "use the mirror"]);
});

Deno.test("m gives the file to an editor, and what comes back is shown before it is applied", () => {
  const asked = after([...open(), "m"]);
  deepEqual(asked.commands, [{ do: "edit", slug: "dev", id: "one", draft: "draft" }]);
  const edited = after(
    [{ type: "loaded", detail: detail("one", { edited: "mine", draft: "mine" }) }],
    asked.state,
  );
  match(edited.text, /your file/);
  const [command] = after(["a"], edited.state).commands;
  ok(command?.do === "answer");
  deepEqual([command.decision.status, command.decision.finalFile], ["modified", "mine"]);
  const broken = detail("one", { edited: "mine", problem: "no", draft: "mine" });
  deepEqual(after([{ type: "loaded", detail: broken }, "a"], asked.state).commands, []);
});

Deno.test("what was answered leaves the list at once, so that the next key is for the next one", () => {
  const answered = { type: "answered", key: "dev/one", text: "Approved" } as const;
  const list = looked(row("one"), row("two"), row("three"));
  const { state, commands } = after([list, answered, "r"]);
  deepEqual(state.rows.map(({ id }) => id), ["two", "three"]);
  deepEqual(commands, [{ do: "load", slug: "dev", id: "two" }]);
  // It still lies there: its sidecar has not taken the answer.
  deepEqual(after([list, answered, list]).state.selected, "dev/two");
});

Deno.test("a proposal that disappears while it is open says why, and cannot be answered", () => {
  const away = after([...open(), "r", "because", looked()]);
  deepEqual(away.commands, [{ do: "explain", slug: "dev", id: "one" }]);
  const gone = after([{ type: "gone", key: "dev/one", reason: "one was expired" }], away.state);
  match(gone.text, /does not wait any more: one was expired/);
  equal(gone.state.prompt, undefined);
  for (const key of ["a", "m", "r"]) deepEqual(after([key], gone.state).commands, []);
  match(after(["q"], gone.state).text, /Nothing waits/);
});

Deno.test("while an answer is under way no other is begun", () => {
  const answering = after([...open(), "a"]).state;
  deepEqual(after(["a"], answering).commands, []);
  deepEqual(after(["u"], answering).commands, []);
  // It leaves the list before its answer is reported.
  deepEqual(after([looked()], answering).commands, []);
  const failed: DeskEvent = { type: "done", status: { tone: "bad", text: "the disk is full" } };
  const again = after([failed, "a"], answering);
  equal(again.commands[0]?.do, "answer");
});

Deno.test("undo asks, and y alone undoes", () => {
  deepEqual(after(["u"]).commands, [{ do: "findUndo" }]);
  const asked = after(["u", { type: "undoAsked", slug: "dev", question: "Undo? y/n" }]).state;
  deepEqual(after(["n"], asked).commands, []);
  deepEqual(after(["x"], asked).commands, []);
  deepEqual(after(["y"], asked).commands, [{ do: "undo", slug: "dev" }]);
});

Deno.test("the selection stays with its proposal while others come and go", () => {
  const three = [row("one"), row("two"), row("six")];
  const second = after([looked(...three), "j"]).state;
  equal(second.selected, "dev/two");
  equal(after([looked(row("zero"), ...three)], second).state.selected, "dev/two");
  // When it goes, its neighbour takes its place.
  equal(after([looked(row("one"), row("six"))], second).state.selected, "dev/six");
  equal(after([looked(row("one"))], second).state.selected, "dev/one");
  equal(after([looked()], second).state.selected, undefined);
});

Deno.test("Ctrl-C ends the desk from everywhere", () => {
  for (const before of [[], [...open()], [...open(), "r", "x"], ["?"]]) {
    deepEqual(after([...before, "interrupt"]).commands, [{ do: "quit", code: 130 }]);
  }
});

Deno.test("the selected row is on the screen among 200, wherever one moves", () => {
  const rows = Array.from({ length: 200 }, (_, n) => row(`n${n}`));
  for (const keys of ["end", "pagedown", "home", "up", "G"]) {
    const { text, state } = after([looked(...rows), "pagedown", keys]);
    match(text, new RegExp(`> ${state.selected!.slice(4)} `), keys);
  }
});

Deno.test("the keys are on the screen in every state and every size, and no line is too long", () => {
  const key = fc.constantFrom(
    ...["up", "down", "pageup", "pagedown", "home", "end", "enter", "escape", "backspace"],
    ..."amruq?jkgGyn x漢",
  ).map((key): DeskEvent => ({ type: "key", key }));
  const text = fc.string({ unit: "grapheme" });
  const event = fc.oneof(
    { arbitrary: key, weight: 6 },
    fc.array(fc.tuple(fc.nat(9), text), { maxLength: 40 }).map((rows): DeskEvent =>
      looked(...rows.map(([n, summary], at) => row(`p${at}`, { summary, stale: n > 7 })))
    ),
    fc.array(text, { maxLength: 80 }).map((lines): DeskEvent => ({
      type: "loaded",
      detail: detail("p1", { lines: lines.map((line) => ({ kind: "added", text: line })) }),
    })),
    fc.constant<DeskEvent>({ type: "gone", key: "dev/p1", reason: "expired" }),
    fc.record({ columns: fc.integer({ min: 20, max: 200 }), rows: fc.integer({ min: 5, max: 60 }) })
      .map((size): DeskEvent => ({ type: "resized", size })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let state = firstState(SIZE);
      for (const each of events) {
        state = reduce(state, each).state;
        const lines = view(state);
        equal(lines.length, state.size.rows);
        ok(lines.every((line) => width(line.text) <= state.size.columns));
        match(lines.map((line) => line.text).join("\n"), /q quit|q back|Esc cancel|y yes/);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("below 20x5 the desk says so, and nothing else", () => {
  const state = after([looked(row("one"))]).state;
  for (
    const size of [{ columns: 19, rows: 24 }, { columns: 80, rows: 4 }, { columns: 1, rows: 1 }]
  ) {
    const lines = view({ ...state, size });
    equal(lines.length, size.rows);
    ok(!lines.some(({ text }) => text.includes("one.example")));
  }
});
