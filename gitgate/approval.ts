import type { Json } from "../core/event.ts";
import { type Answer, type Approvals, releases } from "../core/proposal.ts";
import { printable } from "../core/printable.ts";
import type { RefCommand } from "./protocol/receive_request.ts";
import type { TextSource } from "./scan/source.ts";

/** What an approval is for: these objects, on these refs, of this repository, and nothing else. */
export interface ApprovalSubject {
  readonly repo: string;
  readonly commands: readonly RefCommand[];
}

/** What was found in one place, as people see it. */
export interface ShownFinding {
  readonly source: TextSource;
  /** Every rule that found something there. */
  readonly rules: readonly string[];
  readonly known: boolean;
  readonly line: number | undefined;
  /** What matched, the value replaced. */
  readonly excerpt: string | undefined;
  readonly path: string;
  /** The commit that brought the object; undefined when it cannot be told. */
  readonly commit: string | undefined;
}

/** Pushes that wait for the operator at once: each keeps its objects on the disk meanwhile. */
const MOST_WAITING = 8;

/** Approvals that were given and not used yet: the upstream may have been gone. */
export class ApprovalBook {
  readonly #approvals: Approvals | undefined;
  readonly #timeout: number;
  /** Pushes that were approved, with what was found in them then. */
  readonly #open = new Map<string, string>();
  #waiting = 0;

  constructor(approvals: Approvals | undefined, timeout: number) {
    this.#approvals = approvals;
    this.#timeout = timeout;
  }

  /** Asks the operator, unless the very same push was approved and did not arrive. Fails closed. */
  async ask(
    subject: ApprovalSubject,
    findings: readonly ShownFinding[],
    signal: AbortSignal,
  ): Promise<Answer & { readonly released: boolean }> {
    const key = keyOf(subject);
    const found = keyOfFindings(findings);
    if (this.#open.get(key) === found) {
      return { status: "approved", notes: "approved before", released: true };
    }
    if (this.#approvals === undefined) {
      return { status: "refused", notes: "there is nobody to ask", released: false };
    }
    if (this.#waiting >= MOST_WAITING) {
      const notes = `${MOST_WAITING} pushes wait for the operator already`;
      return { status: "refused", notes, released: false };
    }
    this.#waiting++;
    const answer = await this.#approvals.ask({
      tool: "gitleaks-allow",
      justification: justification(subject, findings),
      details: details(subject, findings),
    }, { timeout: this.#timeout, signal }).catch((error: unknown): Answer => ({
      status: "refused",
      notes: `the operator could not be asked: ${String(error)}`,
    })).finally(() => this.#waiting--);
    const released = releases(answer) && !signal.aborted;
    if (released) this.#open.set(key, found);
    return { ...answer, released };
  }

  /** The push arrived: a further one asks again. */
  used(subject: ApprovalSubject): void {
    this.#open.delete(keyOf(subject));
  }
}

function keyOf({ repo, commands }: ApprovalSubject): string {
  return JSON.stringify([repo, commands.map(({ ref, old, new: to }) => [ref, old, to]).toSorted()]);
}

/** The same objects can hold more that is new when a branch of the upstream is gone. */
function keyOfFindings(findings: readonly ShownFinding[]): string {
  return JSON.stringify(
    findings.map(({ source, rules, path, line }) => JSON.stringify([source.id, path, line, rules]))
      .toSorted(),
  );
}

function justification(
  { repo, commands }: ApprovalSubject,
  findings: readonly ShownFinding[],
): string {
  const refs = commands.map(({ ref }) => ref).join(", ");
  const count = `${findings.length} finding${findings.length === 1 ? "" : "s"}`;
  return printable(
    `A push to ${refs} of ${repo} has ${count} marked with a gitleaks:allow comment`,
  ).slice(0, 2000);
}

/** Findings that are shown one by one. */
const SHOWN = 50;

function details(
  { repo, commands }: ApprovalSubject,
  findings: readonly ShownFinding[],
): Record<string, Json> {
  return {
    repo,
    refs: commands.map(({ ref, old, new: to }) => ({ ref, old, new: to })),
    findings: findings.slice(0, SHOWN).map(({ source, rules, path, line, commit, excerpt }) => ({
      rule: rules.join(", "),
      path,
      line: line ?? null,
      commit: commit ?? null,
      object: source.id ?? null,
      excerpt: printable(excerpt ?? "").slice(0, 200),
    })),
    more: Math.max(0, findings.length - SHOWN),
  };
}
