import type { Answer, ProposalDraft } from "../../core/proposal.ts";
import type { PlacedMatch } from "../../dlp/detector.ts";

/** What the operator is asked, and why. */
export interface Question {
  /** What an agent is told when the answer is no. */
  readonly reason: string;
  /** Who asks about the same thing has the same key. */
  readonly key: string;
  readonly draft: ProposalDraft;
  /** Whether an approval holds for later requests too. */
  readonly lasting: boolean;
}

/** What a question is about; texts without any value. */
export interface Destination {
  readonly host: string;
  readonly method: string;
  readonly path: string;
}

/** Whether a value may go to a host: what is approved there. */
export function keyOf(host: string, { detector, rule, fingerprint }: PlacedMatch): string {
  return `${host} ${detector} ${rule} ${fingerprint}`;
}

/** A finding in one sentence, without the value. */
export function told({ reason, place }: PlacedMatch): string {
  return `${reason}, in the ${place}`;
}

/** Asks about a value that was found. */
export function aboutValue(
  key: string,
  match: PlacedMatch,
  destination: Destination,
  context: string,
): Question {
  const { detector, rule, place } = match;
  const reason = told(match);
  const details = { ...destination, detector, rule, place, context };
  return { reason, key, draft: draftOf(destination, `it ${reason}`, details), lasting: true };
}

/** Asks about a request of which a part cannot be looked at. Each is asked about by itself: nothing says what it holds. */
export function aboutDoubt(doubt: string, destination: Destination): Question {
  const details = {
    ...destination,
    detector: "dlp",
    rule: "incomplete",
    place: "request",
    context: "",
  };
  const why = `it cannot be looked at as a whole: ${doubt}`;
  return {
    reason: doubt,
    key: crypto.randomUUID(),
    draft: draftOf(destination, why, details),
    lasting: false,
  };
}

function draftOf(
  { host }: Destination,
  why: string,
  details: Readonly<Record<string, string>>,
): ProposalDraft {
  return {
    tool: "egress-token-allow",
    justification: `A request to ${host} is held: ${why}.`,
    details,
  };
}

/** What a no means to the agent. */
export function outcome({ status, notes }: Answer): string {
  const said = notes.trim() === "" ? "" : `: ${notes.trim()}`;
  switch (status) {
    case "approved":
      return "the operator's approval gives no reason, so it does not count";
    case "modified":
      return "the operator answered with a change, which a request cannot take";
    case "rejected":
      return `the operator rejected it${said}`;
    case "expired":
      return "the operator did not answer in time";
    case "withdrawn":
    case "refused":
      return `it could not be held${said}`;
  }
}

/** What an agent can do after a no. */
export function nextStep({ status }: Answer): string {
  return status === "expired"
    ? "take the value out; or send the request again while the operator runs bot-bottle supervise, which shows what waits"
    : "take the value out of the request; do not send it in another form";
}
