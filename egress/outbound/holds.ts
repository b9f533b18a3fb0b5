import { type Answer, type Approvals, type ProposalDraft, releases } from "../../core/proposal.ts";

/** Most values that are remembered; the oldest is asked about again. */
const MOST_APPROVED = 10_000;

interface Question {
  readonly answer: Promise<Answer>;
  readonly abandoned: AbortController;
  waiting: number;
}

/**
 * Asks the operator about values, each once: requests that wait for the same value share one question, and an approved
 * value is remembered, as a keyed hash, for as long as the sidecar lives.
 */
export class Holds {
  readonly #approvals: Approvals | undefined;
  readonly #timeout: number;
  readonly #open = new Map<string, Question>();
  readonly #approved = new Set<string>();

  /** @param timeout milliseconds that a question waits for its answer. */
  constructor(approvals: Approvals | undefined, timeout: number) {
    this.#approvals = approvals;
    this.#timeout = timeout;
  }

  /** Whether the operator let that value through before. */
  isApproved(key: string): boolean {
    return this.#approved.has(key);
  }

  /**
   * Waits for the operator's answer. Never throws.
   *
   * @param key what is asked about: the destination and the value's keyed hash.
   * @param lasting whether an approval holds for later requests too.
   * @param signal whoever asks is gone.
   */
  async ask(
    key: string,
    draft: ProposalDraft,
    lasting: boolean,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#approvals === undefined) {
      return { status: "refused", notes: "nobody can be asked here" };
    }
    const question = this.#open.get(key) ?? this.#put(key, draft);
    question.waiting++;
    const answer = await Promise.race([question.answer, withdrawn(signal)]);
    if (--question.waiting === 0) {
      question.abandoned.abort();
      this.#forget(key, question);
    }
    if (lasting && releases(answer)) this.#remember(key);
    return answer;
  }

  #put(key: string, draft: ProposalDraft): Question {
    const abandoned = new AbortController();
    const answer = this.#approvals!.ask(draft, {
      timeout: this.#timeout,
      signal: abandoned.signal,
    });
    const question: Question = { answer, abandoned, waiting: 0 };
    this.#open.set(key, question);
    answer.finally(() => this.#forget(key, question));
    return question;
  }

  #forget(key: string, question: Question): void {
    if (this.#open.get(key) === question) this.#open.delete(key);
  }

  #remember(key: string): void {
    this.#approved.add(key);
    if (this.#approved.size <= MOST_APPROVED) return;
    this.#approved.delete(this.#approved.values().next().value!);
  }
}

function withdrawn(signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const leave = () => resolve({ status: "withdrawn", notes: "the client is gone" });
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}
