import {
  FILE_TOOLS,
  type ProposalResponse,
  type ProposalTool,
  responseSchema,
} from "../core/proposal.ts";

/** Largest `<id>.response.json`, in bytes. */
export const MAX_RESPONSE = 1 << 20;

/** Why a response does not count. */
export interface ResponseProblem {
  readonly problem: string;
  /** Whether the bytes may be the beginning of a response that is still being written. */
  readonly unfinished: boolean;
}

/** Parses the bytes of a response to one proposal. Unknown fields are kept. */
export function parseResponse(
  bytes: Uint8Array,
  { id, tool }: { readonly id: string; readonly tool: ProposalTool },
): ProposalResponse | ResponseProblem {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { problem: "the response is not JSON", unfinished: true };
  }
  const parsed = responseSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const place = path.length === 0 ? "" : `${path.join(".")}: `;
    return { problem: `the response is malformed: ${place}${message}`, unfinished: false };
  }
  const response = parsed.data;
  if (response.proposal_id !== id) {
    return { problem: "the response is for another proposal", unfinished: false };
  }
  if (response.status === "modified" && !FILE_TOOLS.has(tool)) {
    return { problem: `a proposal of ${tool} cannot be modified`, unfinished: false };
  }
  if (response.status === "approved" && !FILE_TOOLS.has(tool) && response.notes.trim() === "") {
    return { problem: `an approval of ${tool} needs notes that say why`, unfinished: false };
  }
  return response;
}

/** Tells the two results of {@linkcode parseResponse} apart. */
export function isResponseProblem(
  result: ProposalResponse | ResponseProblem,
): result is ResponseProblem {
  return !("proposal_id" in result);
}
