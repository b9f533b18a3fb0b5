import * as z from "zod";
import type { Json } from "./event.ts";

/** Every kind of proposal, by the name that agents and operators see. */
export const PROPOSAL_TOOLS = [
  "egress-allow",
  "egress-block",
  "egress-token-allow",
  "gitleaks-allow",
  "budget-raise",
] as const;
/** The kind of a proposal. */
export type ProposalTool = (typeof PROPOSAL_TOOLS)[number];

/** Kinds whose approval applies a file; the others release what waits, and want a reason. */
export const FILE_TOOLS: ReadonlySet<ProposalTool> = new Set(["egress-allow", "egress-block"]);

/** Most proposals of one bottle that may wait at once. */
export const MAX_PENDING = 32;

/** Name of a proposal: a file name, so it is made here and never taken from an agent. */
const proposalId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/);

/**
 * `queue/<id>.proposal.json`. Texts are hostile: whoever shows them escapes them. Unknown fields are kept.
 */
export const proposalSchema = z.looseObject({
  id: proposalId,
  bottle_slug: z.string(),
  tool: z.enum(PROPOSAL_TOOLS),
  /** The whole file as the agent wants it; null where nothing is applied. */
  proposed_file: z.string().nullable(),
  justification: z.string(),
  /** RFC 3339. */
  arrival_timestamp: z.string(),
  /** SHA-256 (hex) of the file that the proposal was made against; null where nothing is applied. */
  current_file_hash: z.string().nullable(),
  /** What a report is about, such as host and detector; no value that was found. */
  details: z.record(z.string(), z.json()).default({}),
});
/** A parsed proposal. */
export type Proposal = z.output<typeof proposalSchema>;

/** `queue/<id>.response.json`, written by the host or by hand. Unknown fields are kept. */
export const responseSchema = z.looseObject({
  proposal_id: proposalId,
  status: z.enum(["approved", "modified", "rejected"]),
  notes: z.string().default(""),
  /** What was applied; null where nothing is. */
  final_file: z.string().nullable().default(null),
});
/** A parsed response. */
export type ProposalResponse = z.output<typeof responseSchema>;

/** What a service of the sidecar asks the operator. */
export interface ProposalDraft {
  readonly tool: ProposalTool;
  readonly justification: string;
  readonly details: Readonly<Record<string, Json>>;
  readonly proposedFile?: string;
  readonly currentFileHash?: string;
}

/** What came of a question. Everything but `approved` and `modified` means no. */
export interface Answer {
  readonly status: "approved" | "modified" | "rejected" | "expired" | "withdrawn" | "refused";
  /** The operator's words; for `expired`, `withdrawn` and `refused` why nothing was decided. */
  readonly notes: string;
  readonly finalFile?: string;
  /** Of the proposal; absent when it was never queued. */
  readonly id?: string;
}

/** Asks the operator and waits. Fails closed: it never throws, and a fault is the answer `refused`. */
export interface Approvals {
  /**
   * @param timeout milliseconds until the answer is `expired`.
   * @param signal ends the wait with `withdrawn`: whoever asked is gone.
   */
  ask(
    draft: ProposalDraft,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<Answer>;
}

/** Whether an answer lets through what waits: an approval with a reason. */
export function releases({ status, notes }: Answer): boolean {
  return status === "approved" && notes.trim() !== "";
}
