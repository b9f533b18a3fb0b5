import { GateFault } from "./gate_fault.ts";
import { localFault } from "./git/quarantine.ts";
import { type ByteReader, StreamFault } from "./http/byte_reader.ts";
import type { Reply } from "./http/reply.ts";
import type { GateRequest } from "./http/server.ts";
import { FLUSH, joined, pktLine } from "./protocol/pkt_line.ts";
import { PushReply, type RefResult } from "./protocol/push_reply.ts";
import { CAPABILITIES, NO_OBJECT, readReceiveRequest } from "./protocol/receive_request.ts";
import { Push, type PushContext } from "./push.ts";
import { refusalOf } from "./push_refusal.ts";

/** Answers `GET info/refs?service=git-receive-pack`. */
export async function advertisePush({ mirror }: PushContext, reply: Reply): Promise<void> {
  await mirror.refresh();
  const refs = [...await mirror.refs()];
  const lines = refs.length === 0
    ? [pktLine(`${NO_OBJECT} capabilities^{}\0${CAPABILITIES}\n`)]
    : refs.map(([ref, id], index) =>
      pktLine(index === 0 ? `${id} ${ref}\0${CAPABILITIES}\n` : `${id} ${ref}\n`)
    );
  await reply.begin(200, { "content-type": "application/x-git-receive-pack-advertisement" });
  await reply.write(joined([pktLine("# service=git-receive-pack\n"), FLUSH, ...lines, FLUSH]));
  await reply.end();
}

/** Answers `POST git-receive-pack`: what is clean is with the upstream when the client is told so. */
export async function servePush(
  context: PushContext,
  request: GateRequest,
  reply: Reply,
): Promise<void> {
  const { limits, timeouts, mirror, record } = context;
  const received = await readReceiveRequest(request.body, limits.refs);
  if (received === undefined) {
    await drained(request.body, limits.pack_bytes, timeouts.scan);
    await reply.begin(200, { "content-type": "application/x-git-receive-pack-result" });
    await reply.end();
    return;
  }
  using out = new PushReply(reply, received.capabilities);
  const push = new Push(context, received, request, out);
  let results: ReadonlyMap<string, RefResult>;
  let unpack = "ok";
  try {
    results = await push.run();
  } catch (error) {
    const fault = request.gone.aborted && !(error instanceof GateFault)
      ? new GateFault("client_gone", "the client is gone", String(error), error)
      : localFault(error);
    if (!(fault instanceof GateFault) && !(fault instanceof StreamFault)) context.onDefect(fault);
    const refusal = refusalOf(fault);
    const { code, detail } = refusal;
    // Recorded first: what cannot be recorded is not even refused in words.
    record({
      type: "push_refused",
      repo: mirror.repo.name,
      refs: push.refsForEvents(),
      rule: code,
      reason: push.redacted(refusal.message.slice(0, 500)),
      ...refusal.event,
      ...(detail === undefined ? {} : { detail: push.redacted(detail.slice(-2000)) }),
      ...(request.gone.aborted ? { client: "gone" } : {}),
    });
    await drained(request.body, limits.pack_bytes, timeouts.scan);
    if (!reply.sent) await out.begin();
    await out.say(`refused: ${refusal.message}`);
    for (const line of refusal.lines) await out.say(line);
    unpack = push.unpacked ? "ok" : code;
    results = new Map(
      received.commands.map((
        { ref },
      ) => [ref, refusal.refs.get(ref) ?? { refused: `git-gate: ${code}` }]),
    );
  }
  await out.end(unpack, received.commands, results);
}

/** Reads what is left: git does not listen before it has sent everything. */
async function drained(body: ByteReader, most: number, ms: number): Promise<void> {
  const end = performance.now() + ms;
  try {
    for (let left = most; left > 0 && performance.now() < end;) {
      const bytes = await body.some(1 << 20);
      if (bytes === null) return;
      left -= bytes.length;
    }
  } catch { /* the client is gone, or its body is malformed: there is nothing more to read */ }
}
