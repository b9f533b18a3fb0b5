import { clip, clipStart, fit, width, wrapWords } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import { ROOMY } from "../../screen/hints.ts";
import { bodyRows, deskHints, HELP, statusLines } from "./layout.ts";
import { safeLine } from "../../screen/safe_text.ts";
import { isTooSmall, type Size } from "../../screen/size.ts";
import { tooSmall } from "../../screen/too_small.ts";
import type { DeskState, OpenDetail } from "./state.ts";
import { listRow } from "./view_row.ts";

/** The whole screen: exactly `size.rows` lines, none wider than `size.columns`. */
export function view(state: DeskState, size: Size = state.size): ScreenLine[] {
  if (isTooSmall(size)) return tooSmall(size, "q quits");
  const body = bodyOf(state).slice(0, bodyRows(state));
  const lines: ScreenLine[] = [
    { text: titleOf(state), style: "title" },
    ...body,
    ...Array.from({ length: bodyRows(state) - body.length }, () => ({ text: "" })),
    ...statusArea(state),
    ...deskHints(state).map((text): ScreenLine => ({ text, style: "dim" })),
  ];
  return lines.slice(0, size.rows).map(({ text, style }) => ({
    // A bar is as wide as the screen.
    text: style === "title" || style === "selected"
      ? fit(text, size.columns)
      : clip(text, size.columns),
    ...(style === undefined ? {} : { style }),
  }));
}

function titleOf(state: DeskState): string {
  const { rows, bottles, open } = state;
  if (state.help !== undefined) return " bot-bottle supervise: keys";
  if (open !== undefined) {
    const { id, tool, slug, arrived } = open.detail;
    const edited = open.detail.edited === undefined ? "" : "  your file";
    const stale = open.detail.stale ? "  STALE" : "";
    return ` ${id}${stale}${edited}  ${tool}  ${slug}  ${clockTime(arrived)}`;
  }
  const waiting = rows.length === 0 ? "nothing waits" : `${rows.length} waiting`;
  const running = bottles.length === 1 ? "1 bottle runs" : `${bottles.length} bottles run`;
  const name = state.size.columns < ROOMY ? "supervise" : "bot-bottle supervise";
  return ` ${name}  ${waiting}, ${running}`;
}

/** Hours, minutes and seconds where the operator is. */
export function clockTime(instant: string): string {
  const time = new Date(instant);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

function bodyOf(state: DeskState): readonly ScreenLine[] {
  if (state.help !== undefined) return helpLines(state.help);
  if (state.open !== undefined) return detailLines(state.open);
  return state.rows.length === 0 ? emptyLines(state) : listLines(state);
}

function listLines(state: DeskState): ScreenLine[] {
  const page = bodyRows(state);
  return state.rows.slice(state.top, state.top + page).map((row): ScreenLine => {
    const selected = row.key === state.selected;
    const text = `${selected ? ">" : " "} ${listRow(row, state.size.columns - 2)}`;
    return selected
      ? { text, style: "selected" }
      : row.stale
      ? { text, style: "warning" }
      : { text };
  });
}

function detailLines({ rows, top }: OpenDetail): ScreenLine[] {
  return rows.slice(top).map(({ kind, text }) =>
    kind === "plain" || kind === "same" ? { text } : { text, style: kind }
  );
}

function emptyLines({ bottles, size }: DeskState): ScreenLine[] {
  const text = [
    "Nothing waits for an answer.",
    "",
    "This will show the routes that agents propose, and what is held until you say yes: " +
    "requests, pushes and budgets.",
    "",
    bottles.length === 0
      ? "No bottle runs: bot-bottle start starts one."
      : `Running: ${bottles.join(", ")}`,
  ].filter((line) => line !== "" || size.rows > 12);
  return text.flatMap((line) => wrapWords(line, size.columns - 2)).map((line) => ({
    text: ` ${line}`,
  }));
}

function helpLines(top: number): ScreenLine[] {
  return HELP.slice(top).map((text) => ({ text: ` ${text}` }));
}

function statusArea(state: DeskState): ScreenLine[] {
  const { status, prompt } = state;
  if (status === undefined || prompt !== undefined) return [quietLine(state)];
  return statusLines(state).map((text) => ({
    text,
    ...(status.tone === "info" ? {} : { style: status.tone }),
  }));
}

/** The same line while there is nothing to be said: a question, or where one is. */
function quietLine(state: DeskState): ScreenLine {
  const { columns } = state.size;
  const { prompt, status, open, rows, problems } = state;
  if (prompt?.kind === "undo") return { text: ` ${prompt.question}`, style: "warning" };
  if (prompt !== undefined) {
    const question = status?.tone === "bad"
      ? ` ${status.text}: `
      : prompt.kind === "approve"
      ? " Why may it pass? "
      : " Why not? (the agent reads it) ";
    const room = Math.max(4, columns - width(question) - 1);
    return {
      text: `${question}${clipStart(safeLine(prompt.text, 4096), room)}▏`,
      style: "heading",
    };
  }
  const page = bodyRows(state);
  if (state.help !== undefined) {
    return { text: position(state.help, HELP.length, page), style: "dim" };
  }
  if (open !== undefined) return { text: position(open.top, open.rows.length, page), style: "dim" };
  if (problems.length > 0) {
    const { slug, file, reason } = problems[0]!;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    return {
      text: ` Not read: ${slug} ${safeLine(file)}: ${safeLine(reason)}${more}`,
      style: "bad",
    };
  }
  return rows.length > page
    ? { text: position(state.top, rows.length, page), style: "dim" }
    : { text: "" };
}

function position(top: number, all: number, page: number): string {
  const last = Math.min(all, top + page);
  return last - top >= all
    ? ""
    : ` ${top + 1}-${last} of ${all}${last < all ? ", more below" : ""}`;
}
