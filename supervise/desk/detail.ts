import { messageOf } from "../../core/errors.ts";
import { FILE_TOOLS, type Proposal, type ProposalTool } from "../../core/proposal.ts";
import { type DeskBottle, tokenNames } from "../bottle_desk.ts";
import { readLiveRoutes } from "../live_routes.ts";
import { readPending } from "../pending.ts";
import { previewAgainst, type RoutesPreview } from "../preview.ts";
import { factLines } from "./facts.ts";
import { safeLines } from "../../screen/safe_text.ts";
import { unifiedDiff } from "./unified_diff.ts";

/** One line about a proposal, fit for a terminal but as long as it is. */
export interface DetailLine {
  readonly kind: "plain" | "heading" | "warning" | "added" | "removed" | "same" | "hunk";
  readonly text: string;
}

/** All there is to know about one proposal before it is answered. */
export interface Detail {
  readonly key: string;
  readonly slug: string;
  readonly id: string;
  readonly tool: ProposalTool;
  readonly arrived: string;
  /** What was shown: SHA-256 of the proposal's file, and of the live `routes.yaml`. */
  readonly hash: string;
  readonly liveHash: string | undefined;
  readonly stale: boolean;
  readonly lines: readonly DetailLine[];
  /** Why it cannot be approved as it stands. */
  readonly problem: string | undefined;
  /** The file that an editor is given; undefined where nothing can be modified. */
  readonly draft: string | undefined;
  /** The operator's own file, when that is what the lines show. */
  readonly edited: string | undefined;
}

/**
 * Reads one proposal to be looked at; undefined when it does not wait any more.
 *
 * @param now milliseconds since the epoch.
 * @param edited the operator's own file, to be compared in the place of the proposed one.
 */
export function loadDetail(
  bottle: DeskBottle,
  id: string,
  now: number,
  edited?: string,
): Detail | { readonly malformed: string } | undefined {
  const pending = readPending(bottle, id);
  if (pending === undefined || "malformed" in pending) return pending;
  const { proposal, hash, stale } = pending;
  const isFile = FILE_TOOLS.has(proposal.tool);
  const shown = isFile
    ? compare(bottle, proposal, now, edited)
    : { lines: factLines(proposal), problem: undefined };
  const { lines, problem } = shown;
  const preview = "preview" in shown ? shown.preview : undefined;
  return {
    key: `${bottle.slug}/${id}`,
    slug: bottle.slug,
    id,
    tool: proposal.tool,
    arrived: new Date(proposal.arrival_timestamp).toISOString(),
    hash,
    // What was compared, which may be newer than what the list knew.
    liveHash: preview?.liveHash ?? pending.liveHash,
    stale: isFile
      ? preview === undefined || preview.liveHash !== proposal.current_file_hash
      : stale,
    lines: [...why(proposal), ...lines],
    problem,
    draft: isFile ? edited ?? preview?.proposed : undefined,
    edited,
  };
}

function why({ justification, tool }: Proposal): DetailLine[] {
  const said = safeLines(justification.trimEnd());
  const by = tool === "egress-allow" || tool === "egress-block" ? "The agent says" : "Why";
  return [
    heading(`${by}:`),
    ...said.map((text) => plain(`  ${text}`)),
    plain(""),
  ];
}

function compare(
  bottle: DeskBottle,
  proposal: Proposal,
  now: number,
  edited: string | undefined,
): { lines: DetailLine[]; problem: string | undefined; preview?: RoutesPreview } {
  let preview: RoutesPreview;
  try {
    const { tool, proposed_file } = proposal;
    preview = previewAgainst(
      readLiveRoutes(bottle.contract),
      { tool, proposed_file: edited ?? proposed_file },
      tokenNames(bottle),
      now,
    );
  } catch (error) {
    const problem = messageOf(error);
    return { lines: problemLines(problem), problem };
  }
  const { live, proposed, changes, problem } = preview;
  const marks = { added: "+", removed: "-", changed: "~" };
  const difference = unifiedDiff(live, proposed);
  const lines = [
    ...(problem === undefined ? [] : problemLines(problem)),
    ...(changes.length === 0 ? [] : [heading("Changes:")]),
    ...changes.flatMap(({ host, kind, warnings }): DetailLine[] => [
      ...safeLines(host).map((text) => ({
        kind: kind === "changed" ? "plain" as const : kind,
        text: `  ${marks[kind]} ${text}`,
      })),
      ...warnings.flatMap((warning) =>
        safeLines(warning).map((text) => ({ kind: "warning" as const, text: `    ! ${text}` }))
      ),
    ]),
    plain(""),
    heading(edited === undefined ? "Live routes → proposed:" : "Live routes → your file:"),
    ...(difference.length === 0 ? [plain("  no difference")] : []),
    ...difference.flatMap(({ kind, text }) =>
      safeLines(text).map((line) => ({ kind, text: line }))
    ),
  ];
  return { lines, problem, preview };
}

function problemLines(problem: string): DetailLine[] {
  return [
    { kind: "warning", text: "This cannot be applied as it stands:" },
    ...safeLines(problem).map((text): DetailLine => ({ kind: "warning", text: `  ${text}` })),
    plain(""),
  ];
}

function heading(text: string): DetailLine {
  return { kind: "heading", text };
}

function plain(text: string): DetailLine {
  return { kind: "plain", text };
}
