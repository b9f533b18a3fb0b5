import type { Json } from "../../core/event.ts";
import type { Proposal, ProposalTool } from "../../core/proposal.ts";
import type { DetailLine } from "./detail.ts";
import { safeLine, safeLines } from "../../screen/safe_text.ts";

/** What comes first; the rest follows in the order of the file. */
const ORDER = ["host", "method", "path", "detector", "rule", "place", "context", "repo", "refs"];

/** What an approval of a report does, to be read before it is given. */
const EFFECT: Readonly<Record<ProposalTool, string>> = {
  "egress-token-allow":
    "If approved, this value may go to this host for as long as the sidecar runs.",
  "gitleaks-allow": "If approved, this push goes on; the next one is asked about again.",
  "budget-raise": "If approved, the lease grows by what is asked.",
  "egress-allow": "",
  "egress-block": "",
};

/** Depth of what is shown line by line; deeper than that it is JSON. */
const DEEPEST = 3;

/** The facts of a report, a line each. */
export function factLines({ tool, details }: Proposal): DetailLine[] {
  const names = [
    ...ORDER.filter((name) => Object.hasOwn(details, name)),
    ...Object.keys(details).filter((name) => !ORDER.includes(name)),
  ];
  const lines = names.flatMap((name) => valueLines(safeLine(name), details[name]!, 1));
  return [
    { kind: "heading", text: "Facts:" },
    ...(lines.length === 0 ? [plain("  none")] : lines),
    plain(""),
    plain(EFFECT[tool]),
  ];
}

function valueLines(name: string, value: Json, depth: number): DetailLine[] {
  const indent = "  ".repeat(depth);
  const head = name === "" ? `${indent}- ` : `${indent}${name}: `;
  if (typeof value !== "object" || value === null || depth > DEEPEST) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const [first, ...more] = safeLines(text);
    return [plain(head + first), ...more.map((line) => plain(`${indent}  ${line}`))];
  }
  if (Object.keys(value).length === 0) return [plain(`${head}none`)];
  const entries = Array.isArray(value)
    ? value.map((each) => ["", each] as const)
    : Object.entries(value).map(([key, each]) => [safeLine(key), each] as const);
  return [
    plain(head.trimEnd()),
    ...entries.flatMap(([key, each]) => valueLines(key, each, depth + 1)),
  ];
}

function plain(text: string): DetailLine {
  return { kind: "plain", text };
}
