import type { ProposalTool } from "../../core/proposal.ts";
import { clip, fit } from "../../screen/cells.ts";
import { ROOMY } from "../../screen/hints.ts";
import { clockTime } from "./view.ts";
import type { WaitingRow } from "./waiting.ts";

/** Names of the kinds where there is little room. */
const SHORT: Readonly<Record<ProposalTool, string>> = {
  "egress-allow": "allow",
  "egress-block": "block",
  "egress-token-allow": "value",
  "gitleaks-allow": "push",
  "budget-raise": "budget",
};

/** One proposal of the list in the room that there is. */
export function listRow(row: WaitingRow, columns: number): string {
  const { slug, id, tool, arrived, stale } = row;
  const summary = stale ? `[stale] ${row.summary}` : row.summary;
  if (columns < ROOMY) return clip(`${fit(SHORT[tool], 6)} ${fit(slug, 10)} ${summary}`, columns);
  if (columns < 100) {
    return clip(`${id}  ${fit(SHORT[tool], 6)}  ${fit(slug, 16)}  ${summary}`, columns);
  }
  return clip(
    `${clockTime(arrived)}  ${id}  ${fit(tool, 18)}  ${fit(slug, 24)}  ${summary}`,
    columns,
  );
}
