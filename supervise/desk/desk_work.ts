import type { Clock } from "../../core/clock.ts";
import { BottleError, messageOf } from "../../core/errors.ts";
import { answerProposal, undoLastChange } from "../answer.ts";
import type { DeskContext } from "../apply_change.ts";
import type { DeskBottle } from "../bottle_desk.ts";
import { loadDetail } from "./detail.ts";
import { editDraft } from "./edit_draft.ts";
import type { DeskCommand, DeskEvent } from "./state.ts";
import { answerText, awaitTold, counted, whatBecame } from "./told.ts";
import { newestChange } from "./undo_question.ts";
import { clockTime } from "./view.ts";

/** What the desk works with. */
export interface DeskSurroundings {
  readonly clock: Clock;
  /** The bottles that run. */
  readonly bottles: () => readonly DeskBottle[];
  /** What a bottle is changed with. */
  readonly contextOf: (bottle: DeskBottle) => DeskContext;
  /** Folder for a file that is being edited. */
  readonly folder: () => string;
  /** Runs the editor on the terminal, which is as it was before the desk, and gives its exit code. */
  readonly edit: (path: string) => Promise<number>;
}

/** Milliseconds that an answer may take to reach whoever asked before the desk goes on. */
const PATIENCE = 2000;

/** Commands that touch files; the others are the screen's. */
export type WorkCommand = Exclude<DeskCommand, { readonly do: "redraw" | "quit" }>;

/** Does what the desk asks for and says what came of it. What fails is told; nothing of it ends the desk. */
export async function work(
  command: WorkCommand,
  surroundings: DeskSurroundings,
): Promise<readonly DeskEvent[]> {
  try {
    return await perform(command, surroundings);
  } catch (error) {
    return await failure(command, error, surroundings);
  }
}

async function perform(
  command: WorkCommand,
  at: DeskSurroundings,
): Promise<readonly DeskEvent[]> {
  if (command.do === "findUndo") return [askUndo(at)];
  const bottle = at.bottles().find(({ slug }) => slug === command.slug);
  if (bottle === undefined) return [goneEvent(command, `bottle ${command.slug} has ended`)];
  switch (command.do) {
    case "load":
      return [load(bottle, command, at)];
    case "explain":
      return [goneEvent(command, whyGone(bottle, command.id))];
    case "edit": {
      const edited = await editDraft(command.draft, at.folder(), at.edit);
      if ("failed" in edited) return [said("bad", `Nothing was applied: ${edited.failed}`)];
      if ("unchanged" in edited) return [said("info", "Nothing was changed, nothing is applied")];
      const loaded = load(bottle, { ...command, edited: edited.text }, at);
      const status = loaded.type === "loaded"
        ? loaded.detail.problem === undefined
          ? said("good", "This is your file: a applies it, m edits it again")
          : said("bad", "Your file is not valid: m edits it again, q drops it")
        : undefined;
      return status === undefined ? [loaded] : [loaded, status];
    }
    case "answer": {
      const { id, decision } = command;
      const plan = await answerProposal(bottle, id, decision, at.contextOf(bottle));
      const told = await awaitTold(bottle, id, PATIENCE);
      const tool = decision.shown.live === undefined ? "egress-token-allow" : "egress-allow";
      const text = answerText({ slug: bottle.slug, id, tool }, plan, told);
      const key = `${bottle.slug}/${id}`;
      return counted(told, plan.response)
        ? [{ type: "answered", key, text }]
        : [{ type: "answered", key, text }, said("bad", text)];
    }
    case "undo": {
      const { proposal_id } = await undoLastChange(bottle, at.contextOf(bottle));
      return [
        said("good", `Undone: routes of ${bottle.slug} are as before ${proposal_id ?? "it"}`),
      ];
    }
  }
}

function askUndo({ bottles }: DeskSurroundings): DeskEvent {
  const last = newestChange(bottles());
  if (last === undefined) return said("info", "There is no change to undo");
  const { slug, time, proposal, hosts } = last;
  const what = `${proposal ?? "the change"} of ${clockTime(time)} in ${slug}`;
  const effect = hosts.length === 0 ? "" : ` (${hosts.slice(0, 4).join(" ")})`;
  return { type: "undoAsked", slug, question: `Undo ${what}${effect}? y/n` };
}

function load(
  bottle: DeskBottle,
  command: { readonly slug: string; readonly id: string; readonly edited?: string },
  { clock }: DeskSurroundings,
): DeskEvent {
  const detail = loadDetail(bottle, command.id, clock.now().getTime(), command.edited);
  if (detail === undefined) return goneEvent(command, whyGone(bottle, command.id));
  if ("malformed" in detail) {
    return goneEvent(command, `its file is malformed: ${detail.malformed}`);
  }
  return { type: "loaded", detail };
}

function whyGone(bottle: DeskBottle, id: string): string {
  const outcome = whatBecame(bottle, id);
  if (outcome === undefined) return `${id} was withdrawn`;
  const { status, notes } = outcome;
  return `${id} was ${status}${notes === "" ? "" : `: ${notes}`}`;
}

/** A failed answer leaves the proposal as it is, and the screen shows how that is. */
async function failure(
  command: WorkCommand,
  error: unknown,
  at: DeskSurroundings,
): Promise<readonly DeskEvent[]> {
  const hint = error instanceof BottleError && error.hint !== undefined ? `; ${error.hint}` : "";
  const status = said("bad", `${messageOf(error)}${hint}`);
  const code = error instanceof BottleError ? error.code : "";
  if (command.do !== "answer" || !/^proposal_(gone|changed|stale)$/.test(code)) return [status];
  const { slug, id } = command;
  const again = await work({ do: "load", slug, id }, at);
  return code === "proposal_gone" ? again : [...again, status];
}

function goneEvent(
  { slug, id }: { readonly slug: string; readonly id?: string },
  reason: string,
): DeskEvent {
  return id === undefined ? said("bad", reason) : { type: "gone", key: `${slug}/${id}`, reason };
}

function said(tone: "info" | "good" | "bad", text: string): DeskEvent {
  return { type: "done", status: { tone, text } };
}
