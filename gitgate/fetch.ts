import type { EventFields } from "../core/event.ts";
import { breath } from "./breath.ts";
import type { ByteBudget, ByteShare } from "./http/byte_budget.ts";
import { type ByteReader, StreamFault } from "./http/byte_reader.ts";
import type { Reply } from "./http/reply.ts";
import type { GateRequest } from "./http/server.ts";
import { HttpRefusal } from "./http/request_head.ts";
import type { Mirror } from "./git/mirror.ts";
import { FLUSH, joined, pktLine, readPktLine } from "./protocol/pkt_line.ts";
import type { GateLimits, GateTimeouts } from "./repo_config.ts";

/** Milliseconds that a negotiation of several requests may rest on one conversation with the upstream. */
const NEGOTIATION = 60_000;

/** Lines of one request; a clone of a repository with as many refs has one for each. */
const MOST_LINES = 400_000;
/** Lines that are read in one go. */
const TOGETHER = 10_000;

/** What serving fetches needs. */
export interface FetchContext {
  readonly mirror: Mirror;
  readonly limits: GateLimits;
  readonly timeouts: GateTimeouts;
  /** For requests of all repositories. */
  readonly requests: ByteBudget;
  readonly record: (event: EventFields) => void;
}

/** Answers `GET info/refs?service=git-upload-pack` (gitprotocol-http(5)), from a mirror that was just refreshed. */
export async function advertiseFetch(
  { mirror, timeouts }: FetchContext,
  request: GateRequest,
  reply: Reply,
): Promise<void> {
  await mirror.refresh();
  const protocol = protocolOf(request);
  await using git = mirror.git.start(
    ["upload-pack", "--strict", "--stateless-rpc", "--advertise-refs", mirror.path],
    { env: protocol },
    { timeout: timeouts.idle, signal: request.gone },
  );
  await reply.begin(200, { "content-type": "application/x-git-upload-pack-advertisement" });
  if (protocol.GIT_PROTOCOL !== "version=2") {
    await reply.write(joined([pktLine("# service=git-upload-pack\n"), FLUSH]));
  }
  for await (const bytes of git.stdout) await reply.write(bytes);
  const { code, stderr } = await git.ended;
  if (code !== 0) throw new Error(`git upload-pack failed with exit code ${code}: ${stderr}`);
  await reply.end();
}

/** Answers `POST git-upload-pack`: git sees only a request that is well-formed and small. */
export async function serveFetch(
  { mirror, limits, timeouts, requests, record }: FetchContext,
  request: GateRequest,
  reply: Reply,
): Promise<void> {
  using share = requests.share();
  const { body, wants } = await pktLines(request.body, limits.request_bytes, share);
  // The second version asks for the refs in a request of its own, and in several rounds for what it wants.
  if (wants > 0) record({ type: "fetch", repo: mirror.repo.name, wants });
  await mirror.refresh(NEGOTIATION);
  await using git = mirror.git.start(
    ["upload-pack", "--strict", "--stateless-rpc", mirror.path],
    { env: protocolOf(request) },
    { timeout: timeouts.scan, signal: request.gone },
  );
  const fed = git.write(body).then(() => git.closeStdin());
  await reply.begin(200, { "content-type": "application/x-git-upload-pack-result" });
  for await (const bytes of git.stdout) await reply.write(bytes);
  await fed;
  const { code, stderr } = await git.ended;
  // A client may stop in the middle of a negotiation, and git then ends with an error of its own.
  if (code !== 0 && !/hung up|expected/.test(stderr)) {
    throw new Error(`git upload-pack failed with exit code ${code}: ${stderr}`);
  }
  await reply.end();
}

/** Only versions that exist; anything else is not passed to git's environment. */
function protocolOf({ headers }: GateRequest): Record<string, string> {
  const asked = headers.get("git-protocol") ?? "";
  return /^version=[12]$/.test(asked) ? { GIT_PROTOCOL: asked } : {};
}

/** A whole body of pkt-lines, checked. */
async function pktLines(
  body: ByteReader,
  most: number,
  share: ByteShare,
): Promise<{ body: Uint8Array; wants: number }> {
  let whole = new Uint8Array(0);
  let size = 0;
  let wants = 0;
  for (let count = 0; !await body.atEnd(); count++) {
    if (count === MOST_LINES) throw new HttpRefusal(413, "the request has too many lines");
    if (count % TOGETHER === TOGETHER - 1) await breath();
    const line = await readPktLine(body);
    const bytes = typeof line === "string" ? MARKS[line] : pktLine(line);
    if (size + bytes.length > most) {
      throw new HttpRefusal(413, `the request is larger than ${most} bytes`);
    }
    if (size + bytes.length > whole.length) {
      const grown = new Uint8Array(Math.max(4096, 2 * (size + bytes.length)));
      if (!share.take(grown.length - whole.length)) {
        throw new HttpRefusal(503, "there are too many large requests at once; try again later");
      }
      grown.set(whole);
      whole = grown;
    }
    whole.set(bytes, size);
    size += bytes.length;
    if (startsWithWant(bytes)) wants++;
  }
  if (size === 0) throw new StreamFault("it is empty");
  return { body: whole.subarray(0, size), wants };
}

/** Whether a pkt-line asks for an object: `want` and its kin in every version of the protocol. */
function startsWithWant(line: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(line.subarray(4, 9)) === "want ";
}

const MARKS = {
  flush: FLUSH,
  delimiter: new TextEncoder().encode("0001"),
  end: new TextEncoder().encode("0002"),
} as const;
