import type { Reply } from "../http/reply.ts";
import { printable } from "../../core/printable.ts";
import { FLUSH, joined, LONGEST, pktLine } from "./pkt_line.ts";
import type { RefCommand } from "./receive_request.ts";

/** Milliseconds between signs of life, so that nothing between takes the connection for dead. */
const KEEPALIVE = 5_000;
/** Characters of one message line. */
const LINE = 400;

/** What came of one ref: accepted by the upstream, or why not. */
export type RefResult = "ok" | { readonly refused: string };

/** The answer to a push: messages as they come, a report at the end (gitprotocol-pack(5), "Report Status"). */
export class PushReply implements Disposable {
  readonly #reply: Reply;
  readonly #sideband: boolean;
  readonly #report: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(reply: Reply, capabilities: ReadonlySet<string>) {
    this.#reply = reply;
    this.#sideband = capabilities.has("side-band-64k");
    this.#report = capabilities.has("report-status");
  }

  /** Sends the headers; call it when the request has been read, since clients do not listen before. */
  async begin(): Promise<void> {
    await this.#reply.begin(200, { "content-type": "application/x-git-receive-pack-result" });
    if (!this.#sideband) return;
    this.#timer = setInterval(() => void this.#send(pktLine(new Uint8Array([1]))), KEEPALIVE);
  }

  /** Says one line to the person or agent who pushes: git shows it after "remote: ". */
  async say(line: string): Promise<void> {
    if (!this.#sideband || !this.#reply.sent) return;
    const text = printable(line).replaceAll("\n", " ").slice(0, LINE);
    const bytes = new TextEncoder().encode(`git-gate: ${text}\n`);
    await this.#send(pktLine(joined([new Uint8Array([2]), bytes])));
  }

  /** The report: whether the pack was taken, and what came of each ref. */
  async end(
    unpack: string,
    commands: readonly RefCommand[],
    results: ReadonlyMap<string, RefResult>,
  ): Promise<void> {
    this[Symbol.dispose]();
    const lines = [pktLine(`unpack ${oneLine(unpack)}\n`)];
    for (const { ref } of commands) {
      const result = results.get(ref) ?? { refused: "not tried" };
      lines.push(
        pktLine(result === "ok" ? `ok ${ref}\n` : `ng ${ref} ${oneLine(result.refused)}\n`),
      );
    }
    lines.push(FLUSH);
    const report = joined(lines);
    if (!this.#report) await this.#send(this.#sideband ? FLUSH : new Uint8Array(0));
    else if (!this.#sideband) await this.#send(report);
    else {
      for (let at = 0; at < report.length; at += LONGEST - 5) {
        const part = report.subarray(at, at + LONGEST - 5);
        await this.#send(pktLine(joined([new Uint8Array([1]), part])));
      }
      await this.#send(FLUSH);
    }
    await this.#reply.end();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Messages, signs of life and the report take turns: each is one whole chunk. */
  #send(bytes: Uint8Array): Promise<void> {
    const sent = this.#last.then(() => this.#reply.write(bytes));
    // A client that is gone is noticed by its connection; a message to it is no fault.
    this.#last = sent.catch(() => undefined);
    return this.#last;
  }
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ").slice(0, 300);
}
