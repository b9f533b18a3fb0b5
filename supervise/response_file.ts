import type { Clock } from "../core/clock.ts";
import type { Answer, ProposalTool } from "../core/proposal.ts";
import { isResponseProblem, MAX_RESPONSE, parseResponse } from "./response.ts";
import { readSmallFile, UnsafeFile } from "./small_file.ts";

/**
 * How long a response that does not parse may stay as it is before it counts as malformed, in milliseconds: a hand
 * may be writing it.
 */
const UNFINISHED = 1000;
/** Longest notes that reach whoever asked, in UTF-16 units. */
const MAX_NOTES = 4096;

/** The file in which the response to one proposal is awaited. */
export class ResponseFile {
  readonly #path: string;
  readonly #proposal: { readonly id: string; readonly tool: ProposalTool };
  readonly #clock: Clock;
  /** Length of a response that did not parse, and since when it has that: one that is being written grows. */
  #unfinished: { readonly length: number; readonly since: number } | undefined;

  constructor(
    path: string,
    proposal: { readonly id: string; readonly tool: ProposalTool },
    clock: Clock,
  ) {
    this.#path = path;
    this.#proposal = proposal;
    this.#clock = clock;
  }

  /** The answer that the file holds by now, `refused` for a file that does not count; undefined while there is none. */
  look(): Answer | undefined {
    let bytes: Uint8Array | undefined;
    try {
      bytes = readSmallFile(this.#path, MAX_RESPONSE);
    } catch (error) {
      const what = error instanceof UnsafeFile ? error.message : "it cannot be read";
      return { status: "refused", notes: `the response is not used: ${what}` };
    }
    if (bytes === undefined) return undefined;
    const parsed = parseResponse(bytes, this.#proposal);
    if (isResponseProblem(parsed)) {
      if (parsed.unfinished && this.#mayGrow(bytes.length)) return undefined;
      return { status: "refused", notes: parsed.problem };
    }
    const { status, notes, final_file } = parsed;
    return {
      status,
      notes: notes.slice(0, MAX_NOTES),
      ...(final_file === null ? {} : { finalFile: final_file }),
    };
  }

  #mayGrow(length: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#unfinished?.length !== length) this.#unfinished = { length, since: now };
    return now - this.#unfinished.since < UNFINISHED;
  }
}
