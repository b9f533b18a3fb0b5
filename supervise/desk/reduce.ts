import { FILE_TOOLS } from "../../core/proposal.ts";
import { type Decision, MAX_NOTES } from "../decide.ts";
import type { Detail } from "./detail.ts";
import type { Key } from "../../screen/keys.ts";
import { bodyRows, HELP, wrapDetail } from "./layout.ts";
import { typeInto } from "../../screen/type_into.ts";
import type { DeskCommand, DeskEvent, DeskState, OpenDetail, Status, Step } from "./state.ts";
import type { WaitingRow } from "./waiting.ts";

/** What an event makes of the desk. Nothing is touched here. */
export function reduce(state: DeskState, event: DeskEvent): Step {
  switch (event.type) {
    case "key":
      return onKey(state, event.key);
    case "resized":
      return stay(resized(state, event.size));
    case "looked":
      return looked(state, event);
    case "loaded":
      return stay(loaded(state, event.detail));
    case "gone":
      return stay(gone(state, event.key, event.reason));
    case "answered": {
      const open = state.open?.detail.key === event.key ? undefined : state.open;
      const prompt = open === undefined ? undefined : state.prompt;
      // Its file may lie there until the next look; the next key is for the next proposal.
      const rows = state.rows.filter(({ key }) => key !== event.key);
      return stay(inView({
        ...state,
        rows,
        selected: selectedAmong(rows, state),
        open,
        prompt,
        busy: false,
        status: { tone: "good", text: event.text },
      }));
    }
    case "undoAsked": {
      const { slug, question } = event;
      const prompt = state.prompt ?? { kind: "undo" as const, slug, question };
      return stay({ ...state, prompt, busy: false, status: undefined });
    }
    case "done":
      return stay({ ...state, busy: false, status: event.status });
  }
}

function onKey(before: DeskState, key: Key): Step {
  if (key === "interrupt") return act(before, { do: "quit", code: 130 });
  if (key === "redraw") return act(before, { do: "redraw" });
  // What was said before an approval counts for the key right after it.
  const open = before.open === undefined || key === "a"
    ? before.open
    : { ...before.open, told: undefined };
  const state = { ...before, open, status: undefined };
  if (state.prompt !== undefined) return onPromptKey(state, key);
  if (state.help !== undefined) return onHelpKey(state, state.help, key);
  if (key === "?") return stay({ ...state, help: 0 });
  if (key === "u") {
    return state.busy ? busy(state) : act({ ...state, busy: true }, { do: "findUndo" });
  }
  return state.open === undefined ? onListKey(state, key) : onDetailKey(state, state.open, key);
}

function onPromptKey(state: DeskState, key: Key): Step {
  const prompt = state.prompt!;
  if (prompt.kind === "undo") {
    if (key === "y") {
      return act({ ...state, prompt: undefined, busy: true }, { do: "undo", slug: prompt.slug });
    }
    return ["n", "q", "escape", "enter"].includes(key)
      ? stay({ ...state, prompt: undefined, status: say("info", "nothing was undone") })
      : stay(state);
  }
  if (key === "escape") return stay({ ...state, prompt: undefined });
  if (key !== "enter") {
    return stay({ ...state, prompt: { ...prompt, text: typeInto(prompt.text, key, MAX_NOTES) } });
  }
  const notes = prompt.text.trim();
  if (notes === "") return stay({ ...state, status: say("bad", "A reason is needed") });
  const answered = { ...state, prompt: undefined };
  return answer(answered, prompt.kind === "approve" ? "approved" : "rejected", notes);
}

/** Where a key leads from line `at` of `count`; undefined for any other key. It may be out of range. */
function moved(key: Key, at: number, count: number, page: number): number | undefined {
  const moves: Readonly<Record<Key, number>> = {
    up: at - 1,
    k: at - 1,
    down: at + 1,
    j: at + 1,
    pageup: at - page,
    pagedown: at + page,
    " ": at + page,
    home: 0,
    g: 0,
    end: count,
    G: count,
  };
  return Object.hasOwn(moves, key) ? moves[key] : undefined;
}

function onHelpKey(state: DeskState, top: number, key: Key): Step {
  const page = bodyRows(state);
  const to = moved(key, top, HELP.length, page);
  const help = to === undefined ? undefined : Math.max(0, Math.min(to, HELP.length - page));
  return stay({ ...state, help });
}

function onListKey(state: DeskState, key: Key): Step {
  const at = selectedIndex(state);
  const to = moved(key, at, state.rows.length - 1, bodyRows(state));
  if (to !== undefined) return stay(select(state, to));
  if (key === "q") return act(state, { do: "quit", code: 0 });
  const row = state.rows[at];
  if (!["enter", "a", "m", "r"].includes(key)) return stay(state);
  if (row === undefined) return stay({ ...state, status: say("info", "Nothing waits") });
  // An answer is for what was shown, so it is shown first.
  return act(state, { do: "load", slug: row.slug, id: row.id });
}

function onDetailKey(state: DeskState, open: OpenDetail, key: Key): Step {
  const page = bodyRows(state);
  const to = moved(key, open.top, open.rows.length, page);
  if (to !== undefined) return stay({ ...state, open: scroll(open, to, page) });
  if (key === "q" || key === "escape") {
    return stay({ ...state, open: undefined });
  }
  if (!["a", "m", "r"].includes(key)) return stay(state);
  if (open.gone !== undefined) {
    return stay({ ...state, status: say("bad", `It does not wait any more: ${open.gone}`) });
  }
  if (state.busy) return busy(state);
  if (key === "m") return modify(state, open);
  if (key === "r") return stay({ ...state, prompt: { kind: "reject", text: "" } });
  return approve(state, open);
}

function approve(state: DeskState, open: OpenDetail): Step {
  const { detail } = open;
  if (detail.problem !== undefined) {
    return stay({ ...state, status: say("bad", "It cannot be applied as it stands: m or r") });
  }
  const doubts = doubtsOf(open);
  const told = doubts.join("; ");
  if (doubts.length > 0 && open.told !== told) {
    const status = say("bad", `${told}; a again approves all the same`);
    return stay({ ...state, status, open: { ...open, told } });
  }
  if (!FILE_TOOLS.has(detail.tool)) {
    return stay({ ...state, prompt: { kind: "approve", text: "" } });
  }
  return answer(state, detail.edited === undefined ? "approved" : "modified", "");
}

/** What speaks against approving at once; the key has to be pressed again. */
function doubtsOf({ detail, rows, seen, changed }: OpenDetail): string[] {
  const below = rows.length - seen;
  return [
    ...(changed ? ["It changed while it was open"] : []),
    ...(detail.stale ? ["Stale: made against other live routes"] : []),
    ...(below > 0 ? [`${below} ${below === 1 ? "line was" : "lines were"} not shown yet`] : []),
  ];
}

function modify(state: DeskState, { detail }: OpenDetail): Step {
  const { slug, id, draft } = detail;
  if (draft === undefined) {
    const why = FILE_TOOLS.has(detail.tool) ? "its file cannot be compared" : "it changes no file";
    return stay({ ...state, status: say("bad", `It cannot be modified: ${why}`) });
  }
  return act(state, { do: "edit", slug, id, draft });
}

function answer(state: DeskState, status: Decision["status"], notes: string): Step {
  const detail = state.open?.detail;
  if (detail === undefined || state.busy) return busy(state);
  const { slug, id, edited } = detail;
  return act({ ...state, busy: true, status: say("info", "…") }, {
    do: "answer",
    slug,
    id,
    decision: {
      status,
      notes,
      shown: { proposal: detail.hash, live: detail.liveHash },
      staleAccepted: detail.stale,
      ...(status === "modified" && edited !== undefined ? { finalFile: edited } : {}),
    },
  });
}

function resized(state: DeskState, size: DeskState["size"]): DeskState {
  const next = inView({ ...state, size });
  const { open } = next;
  if (open === undefined) return next;
  const rows = wrapDetail(open.detail.lines, size.columns);
  const all = open.seen >= open.rows.length;
  // Lines fall elsewhere in another width: what was seen before the first line on the screen stays seen.
  const top = Math.round(open.top * rows.length / Math.max(1, open.rows.length));
  const seen = all ? rows.length : Math.min(top, rows.length);
  return { ...next, open: scroll({ ...open, rows, seen }, top, bodyRows(next)) };
}

function looked(
  state: DeskState,
  { rows, problems, bottles }: DeskEvent & { type: "looked" },
): Step {
  const selected = selectedAmong(rows, state);
  const next = inView({ ...state, rows, problems, bottles, selected });
  const { open } = next;
  if (open === undefined || open.gone !== undefined) return stay(next);
  const { key, slug, id, hash, liveHash, edited } = open.detail;
  const row = rows.find((each) => each.key === key);
  // An answer of this desk is under way: it says itself what comes of it.
  if (row === undefined) return next.busy ? stay(next) : act(next, { do: "explain", slug, id });
  if (row.hash === hash && row.liveHash === liveHash) return stay(next);
  return act(next, { do: "load", slug, id, ...(edited === undefined ? {} : { edited }) });
}

function loaded(state: DeskState, detail: Detail): DeskState {
  const before = state.open?.detail.key === detail.key ? state.open : undefined;
  if (before !== undefined && sameBytes(before.detail, detail)) return state;
  const changed = before !== undefined &&
    (before.changed || before.detail.hash !== detail.hash ||
      before.detail.liveHash !== detail.liveHash);
  const rows = wrapDetail(detail.lines, state.size.columns);
  const open = { detail, rows, top: 0, seen: 0, changed, told: undefined, gone: undefined };
  const status = changed
    ? say("bad", "It changed while it was open: this is how it stands now")
    : state.status;
  // What was being typed was about something else.
  const prompt = changed ? undefined : state.prompt;
  const next = { ...state, open, status, prompt, help: undefined };
  return { ...next, open: scroll(open, 0, bodyRows(next)) };
}

function sameBytes(a: Detail, b: Detail): boolean {
  return a.hash === b.hash && a.liveHash === b.liveHash && a.edited === b.edited &&
    a.problem === b.problem && a.stale === b.stale;
}

function gone(state: DeskState, key: string, reason: string): DeskState {
  const { open } = state;
  if (open?.detail.key !== key) return { ...state, status: say("bad", reason) };
  const prompt = state.prompt?.kind === "undo" ? state.prompt : undefined;
  const next = { ...state, prompt, busy: false, open: { ...open, gone: reason } };
  return { ...next, status: say("bad", `It does not wait any more: ${reason}`) };
}

function scroll(open: OpenDetail, wanted: number, page: number): OpenDetail {
  const top = Math.max(0, Math.min(wanted, open.rows.length - page));
  // Only what follows what was seen counts: whoever jumps to the end has passed the middle by.
  const seen = top <= open.seen
    ? Math.max(open.seen, Math.min(open.rows.length, top + page))
    : open.seen;
  return { ...open, top, seen };
}

function select(state: DeskState, index: number): DeskState {
  const row = state.rows[Math.max(0, Math.min(index, state.rows.length - 1))];
  return inView({ ...state, selected: row?.key });
}

/** The list moved so far that the selected row is on the screen. */
function inView(state: DeskState): DeskState {
  const page = bodyRows(state);
  const at = Math.max(0, selectedIndex(state));
  const last = Math.max(0, state.rows.length - page);
  const top = Math.max(0, Math.min(Math.max(Math.min(state.top, at), at - page + 1), last));
  return { ...state, top };
}

/** The row that is selected when the list becomes another: the same one, or what has come to stand in its place. */
function selectedAmong(rows: DeskState["rows"], before: DeskState): DeskState["selected"] {
  if (rows.some(({ key }) => key === before.selected)) return before.selected;
  const at = Math.max(0, selectedIndex(before));
  return rows[Math.min(at, rows.length - 1)]?.key;
}

function selectedIndex({ rows, selected }: DeskState): number {
  return rows.findIndex(({ key }: WaitingRow) => key === selected);
}

function busy(state: DeskState): Step {
  return stay({ ...state, status: say("info", "One moment: an answer is under way") });
}

function say(tone: Status["tone"], text: string): Status {
  return { tone, text };
}

function stay(state: DeskState): Step {
  return { state, commands: [] };
}

function act(state: DeskState, command: DeskCommand): Step {
  return { state, commands: [command] };
}
