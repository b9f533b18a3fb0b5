import { ContractPath } from "../core/contract_path.ts";
import { wrapWords } from "../screen/cells.ts";
import { readEventLines } from "../sys/event_log_files.ts";
import { bottleLayout } from "./bottle/layout.ts";
import type { Host } from "./context.ts";
import { bottleHome } from "./home.ts";

/** Tokens that answers of models told of. */
export interface TokenTotals {
  /** Of prompts, with what came out of a cache. */
  readonly input: number;
  /** Of those, what came out of a cache. */
  readonly cached: number;
  readonly output: number;
  /** Answers that were cut short or told no counts: there were more tokens than these. */
  readonly incomplete: number;
}

/** What happened between a start and its end, as far as events tell. */
export interface SessionCounts {
  readonly requests: number;
  /** Denials by host. */
  readonly denied: ReadonlyMap<string, number>;
  /** Values that were taken out of requests. */
  readonly redacted: number;
  readonly tokens: TokenTotals;
  readonly pushed: number;
  readonly refused: number;
  readonly proposals: number;
}

/** Counts the events since `started` (RFC 3339); lines that are no events are left out. */
export function countSession(lines: Iterable<string>, started: string): SessionCounts {
  const denied = new Map<string, number>();
  const counts = { requests: 0, redacted: 0, pushed: 0, refused: 0, proposals: 0 };
  const tokens = { input: 0, cached: 0, output: 0, incomplete: 0 };
  for (const line of lines) {
    const event = parsed(line);
    if (event === undefined || String(event.time) < started) continue;
    if (event.type === "egress") {
      counts.requests++;
      counts.redacted += Number(event.redacted ?? 0);
      const host = String(event.host);
      if (event.verdict === "deny") denied.set(host, (denied.get(host) ?? 0) + 1);
    } else if (event.type === "usage") {
      tokens.input += count(event.input) + count(event.cache_read) + count(event.cache_write);
      tokens.cached += count(event.cache_read);
      tokens.output += count(event.output);
      if (event.complete !== true) tokens.incomplete++;
    } else if (event.type === "push_allowed") counts.pushed++;
    else if (event.type === "push_refused") counts.refused++;
    else if (event.type === "proposal_queued") counts.proposals++;
  }
  return { ...counts, denied, tokens };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? value as number : 0;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object"
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** Hosts that are named; the rest are counted. */
const MOST_HOSTS = 5;

/**
 * A session in a few lines; what did not happen is not mentioned, but for requests.
 *
 * @param cells of each line.
 */
export function sessionLines(
  milliseconds: number,
  counts: SessionCounts,
  cells = Infinity,
): string[] {
  const { requests, denied, redacted, tokens, pushed, refused, proposals } = counts;
  const total = [...denied.values()].reduce((sum, count) => sum + count, 0);
  const some = (count: number, one: string, many: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  const first = [
    duration(milliseconds),
    `${requests} ${requests === 1 ? "request" : "requests"}`,
    ...some(total, "denied", "denied"),
    ...tokenParts(tokens),
    ...some(redacted, "secret taken out", "secrets taken out"),
    ...some(pushed, "push", "pushes"),
    ...some(refused, "push refused", "pushes refused"),
    ...some(proposals, "proposal", "proposals"),
  ];
  const hosts = [...denied].sort(([, a], [, b]) => b - a);
  const named = hosts.slice(0, MOST_HOSTS).map(([host, count]) =>
    count === 1 ? host : `${host} (${count})`
  );
  const more = hosts.length - named.length;
  return [
    first.join(", "),
    ...(hosts.length === 0
      ? []
      : [`denied: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`]),
  ].flatMap((line) => wrapWords(line, cells));
}

/** Both directions, with thousands apart; "at least" where an answer did not tell all. */
function tokenParts({ input, cached, output, incomplete }: TokenTotals): string[] {
  if (input + output === 0) return incomplete === 0 ? [] : ["tokens not known"];
  const least = incomplete === 0 ? "" : "at least ";
  const fromCache = cached === 0 ? "" : ` (${grouped(cached)} cached)`;
  return [`${least}${grouped(input)} tokens in${fromCache}`, `${least}${grouped(output)} out`];
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Says at the end of a session what happened in it, where somebody reads it. */
export function tellSession(host: Host, slug: string, started: Date): void {
  if (!host.terminal.stderr) return;
  const { contract } = bottleLayout(bottleHome(host), host.uid, slug);
  const counts = countSession(
    readEventLines(`${contract}/${ContractPath.events}`),
    started.toISOString(),
  );
  const milliseconds = host.clock.now().getTime() - started.getTime();
  const room = Math.max(LEAST_ROOM, columns() - LOG_PREFIX);
  for (const line of sessionLines(milliseconds, counts, room)) host.log.info(line);
}

/** Cells of `bot-bottle: ` before each line. */
const LOG_PREFIX = 12;
/** Below this, lines are left to the terminal. */
const LEAST_ROOM = 20;

function columns(): number {
  try {
    return Deno.consoleSize().columns || Infinity;
  } catch {
    return Infinity; // stderr is a terminal, and has lost it since
  }
}
