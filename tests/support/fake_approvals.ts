import type { Answer, Approvals, ProposalDraft } from "../../core/proposal.ts";

interface Asked {
  readonly draft: ProposalDraft;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly answer: (answer: Answer) => void;
}

/** An operator who is asked, and answers when a test says so. */
export class FakeApprovals implements Approvals {
  readonly asked: Asked[] = [];
  #wake: (() => void)[] = [];

  ask(
    draft: ProposalDraft,
    { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<Answer> {
    return new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve({ status: "withdrawn", notes: "gone" }));
      this.asked.push({ draft, timeout, signal, answer: resolve });
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** Waits until `count` questions were asked in all; gives the last of them. */
  async question(count = this.asked.length + 1): Promise<Asked> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.asked[count - 1]!;
  }
}

/** An approval that counts. */
export const APPROVED: Answer = { status: "approved", notes: "a test key" };
