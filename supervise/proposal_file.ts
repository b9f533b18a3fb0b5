import { type Proposal, proposalSchema } from "../core/proposal.ts";

/** Parses the bytes of `<id>.proposal.json`. Unknown fields are kept. Returns why it is malformed otherwise. */
export function parseProposal(
  bytes: Uint8Array,
  expected: { readonly id: string; readonly slug: string },
): { readonly proposal: Proposal } | { readonly malformed: string } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { malformed: "it is not JSON" };
  }
  const parsed = proposalSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return { malformed: `${path.length === 0 ? "" : `${path.join(".")}: `}${message}` };
  }
  if (parsed.data.id !== expected.id) return { malformed: "it is named for another proposal" };
  if (parsed.data.bottle_slug !== expected.slug) return { malformed: "it is of another bottle" };
  if (Number.isNaN(Date.parse(parsed.data.arrival_timestamp))) {
    return { malformed: "arrival_timestamp: it is no instant" };
  }
  return { proposal: parsed.data };
}
