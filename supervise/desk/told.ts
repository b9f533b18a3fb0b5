import { FILE_TOOLS, type ProposalTool, responseSchema } from "../../core/proposal.ts";
import { type DeskBottle, deskPath } from "../bottle_desk.ts";
import type { AnswerPlan, Decision } from "../decide.ts";
import { readOutcome } from "../outcome.ts";
import { queuePath } from "../queue_files.ts";
import { MAX_RESPONSE } from "../response.ts";
import { readSmallFile } from "../small_file.ts";

/** What whoever asked was told. */
export interface Told {
  /** `written` when the sidecar has not taken the answer yet. */
  readonly status: string;
  readonly notes: string;
}

/** Milliseconds between two looks. */
const POLL = 20;

/** Waits for the sidecar to pass an answer on, at most `patience` milliseconds. */
export async function awaitTold(bottle: DeskBottle, id: string, patience: number): Promise<Told> {
  const start = performance.now();
  for (;;) {
    const outcome = readOutcome(bottle, id);
    if (outcome !== undefined) return outcome;
    if (performance.now() - start > patience) return { status: "written", notes: "" };
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** What became of a proposal that does not wait any more; undefined when there is no trace of it. */
export function whatBecame(bottle: DeskBottle, id: string): Told | undefined {
  const outcome = readOutcome(bottle, id);
  if (outcome !== undefined) return outcome;
  try {
    // Answered, and not passed on yet.
    const bytes = readSmallFile(queuePath(deskPath.queue(bottle), id, "response"), MAX_RESPONSE);
    if (bytes === undefined) return undefined;
    const { status, notes } = responseSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return { status, notes };
  } catch {
    return undefined;
  }
}

/** Whether the answer that was given is the one that counted. */
export function counted(told: Told, decision: Pick<Decision, "status">): boolean {
  return told.status === "written" || told.status === decision.status;
}

/** What happened, in one sentence or two. */
export function answerText(
  { slug, id, tool }: { readonly slug: string; readonly id: string; readonly tool: ProposalTool },
  { response, apply }: AnswerPlan,
  told: Told,
): string {
  const { status } = response;
  const verb = { approved: "Approved", modified: "Approved with changes", rejected: "Rejected" };
  const applied = apply === undefined ? "" : `, routes of ${slug} are applied`;
  const done = `${verb[status]} ${id}${applied}.`;
  if (told.status === "written") return `${done} The sidecar has not passed it on yet.`;
  if (!counted(told, response)) {
    const still = apply === undefined ? "" : " The routes stay applied; undo takes them back.";
    return `${done} It came too late: the agent was told "${told.status}" (${told.notes}).${still}`;
  }
  const reason = response.notes.trim() === "" ? "" : ", with the reason";
  const who = FILE_TOOLS.has(tool) ? "The agent is told" : "Whoever asked is told";
  return `${done} ${who}${reason}.`;
}
