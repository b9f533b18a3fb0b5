import type { Answer } from "../../core/proposal.ts";
import type { ProposalState } from "../queue.ts";

/** What a tool call says: text for the agent, the same as data, and whether it went wrong. */
export interface Said {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly isError?: boolean;
}

/** A proposal that nobody has answered yet. */
export function sayPending(id: string): Said {
  return {
    text:
      `pending: proposal ${id} waits for the operator. Go on with what you can do without it, ` +
      "and call proposal-status with this id later.",
    data: { status: "pending", id },
  };
}

/**
 * What came of a proposal.
 *
 * @param enforced whether the approved file is in force; undefined where no file was proposed.
 */
export function sayAnswer(answer: Answer, enforced: boolean | undefined): Said {
  const { status, notes, id } = answer;
  const data = {
    status,
    id,
    notes,
    ...(enforced === undefined ? {} : { in_effect: enforced }),
    ...(answer.finalFile === undefined ? {} : { routes_yaml: answer.finalFile }),
  };
  const lines = [`${status}: ${MEANING[status]}`];
  if (enforced === true) lines.push("The routes are in effect now: try the request again.");
  if (enforced === false && (status === "approved" || status === "modified")) {
    lines.push("The live routes are not the approved ones: call list-egress-routes to see them.");
  }
  if (notes !== "") lines.push(`Reason given: ${notes}`);
  if (status === "modified" && answer.finalFile !== undefined) {
    lines.push("This was applied:", answer.finalFile);
  }
  return { text: lines.join("\n"), data, ...(status === "refused" ? { isError: true } : {}) };
}

/** Where a proposal stands, for `proposal-status`. */
export function sayState(id: string, state: ProposalState | undefined): Said {
  if (state === undefined) {
    return {
      text: `no proposal ${id} is known; ids are forgotten when the sidecar starts anew`,
      data: { status: "unknown", id },
      isError: true,
    };
  }
  return state.answer === undefined ? sayPending(id) : sayAnswer(state.answer, undefined);
}

const MEANING: Readonly<Record<Answer["status"], string>> = {
  approved: "the operator approved the proposal.",
  modified: "the operator approved the proposal with changes.",
  rejected: "the operator rejected the proposal. Do not propose the same again.",
  expired: "nobody answered in time.",
  withdrawn: "the proposal was withdrawn.",
  refused: "the proposal was not put to the operator, or the answer does not count.",
};
