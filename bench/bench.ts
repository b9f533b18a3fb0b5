/**
 * Speed of the proxy, and of mitmproxy beside it: small requests, large bodies, event streams, memory.
 *
 * Usage: deno task bench [SECONDS]   (of each measurement of requests; 5 unless given)
 */
import { TestAuthority } from "../tests/support/test_authority.ts";
import { buildLoadTool, HOSTS, type LoadTool, say, type Upstream } from "./load_tool.ts";
import {
  buildSidecar,
  type ProxyProcess,
  startMitmproxy,
  startOwnProxy,
  type Tuning,
} from "./proxy_process.ts";

const seconds = Number(Deno.args[0] ?? "5");
/** Ways to run the proxy: what each costs in speed and saves in memory is measured, not guessed. */
const TUNINGS: Readonly<Record<string, Tuning>> = {
  "bot-bottle": {},
  "bot-bottle, V8 as it comes": { v8Flags: ["--enable-experimental-regexp-engine"] },
};

/**
 * Sizes of large bodies in bytes. mitmproxy as it comes needs minutes for the larger one; an upload through the
 * detectors is read and looked at as a whole, up to 16 MiB.
 */
const LARGE_BODY = 256 << 20;
const SMALL_BODY = 8 << 20;

interface Measured {
  readonly name: string;
  readonly perSecond: number;
  readonly latency: number;
  readonly latencyP99: number;
  readonly download: number;
  readonly upload: number;
  readonly firstEvent: number;
  readonly laterEvent: number;
  readonly laterEventP99: number;
  readonly memory: number;
  readonly failures: number;
}

interface Requests {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

interface Events {
  readonly firstP50: number;
  readonly laterP50: number;
  readonly laterP99: number;
}

const folder = await Deno.makeTempDir({ prefix: "bb-bench-" });
try {
  const tool = await buildLoadTool(folder);
  await buildSidecar();
  const authority = new TestAuthority();
  await using upstream = await tool.startUpstream(folder, authority);
  const direct = await measure("no proxy", tool, upstream, undefined, HOSTS.plain);
  const own: Measured[] = [];
  for (const [name, tuning] of Object.entries(TUNINGS)) {
    own.push(
      await measureWith(
        startOwnProxy(folder, upstream, authority, tuning),
        (proxy) =>
          measure(name, tool, upstream, proxy, HOSTS.withCredential, LARGE_BODY, SMALL_BODY),
      ),
    );
  }
  const plain = await measureWith(
    startOwnProxy(folder, upstream, authority),
    (proxy) =>
      measure(
        "bot-bottle, no credential",
        tool,
        upstream,
        proxy,
        HOSTS.plain,
        LARGE_BODY,
        SMALL_BODY,
      ),
  );
  const peer = await measurePeer("mitmproxy", tool, upstream, [], SMALL_BODY);
  // As it comes it reads a body whole before it passes it on, in time that grows with the square of its size.
  const streaming = await measurePeer(
    "mitmproxy, stream_large_bodies=1m",
    tool,
    upstream,
    ["stream_large_bodies=1m"],
    LARGE_BODY,
  );
  print([direct, ...own, plain, ...[peer, streaming].filter((one) => one !== undefined)]);
  if (peer === undefined || streaming === undefined) {
    say("\nmitmproxy is not installed (mitmdump): no ratios.");
  } else printRatios(own[0]!, peer, streaming, direct);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measurePeer(
  name: string,
  tool: LoadTool,
  upstream: Upstream,
  options: readonly string[],
  body: number,
): Promise<Measured | undefined> {
  const starting = await startMitmproxy(folder, upstream, options);
  if (starting === undefined) return undefined;
  return await measureWith(
    Promise.resolve(starting),
    (proxy) => measure(name, tool, upstream, proxy, HOSTS.plain, body),
  );
}

async function measureWith(
  starting: Promise<ProxyProcess>,
  body: (proxy: ProxyProcess) => Promise<Measured>,
): Promise<Measured> {
  await using proxy = await starting;
  return await body(proxy);
}

async function measure(
  name: string,
  tool: LoadTool,
  upstream: Upstream,
  proxy: ProxyProcess | undefined,
  host: string,
  body = LARGE_BODY,
  uploaded = body,
): Promise<Measured> {
  const to = proxy === undefined
    ? ["-host", `${host}:${upstream.portOf(host)}`, "-dial", `127.0.0.1:${upstream.portOf(host)}`]
    : ["-proxy", proxy.address, "-host", proxy.authorityOf(host)];
  const requests = (connections: number, duration: number) =>
    tool.measure<Requests>("requests", [...to, "-c", `${connections}`, "-d", `${duration}s`]);
  await requests(16, 2); // compiled and connected before anything counts
  const many = await requests(16, seconds);
  const one = await requests(1, seconds);
  const transfer = async (size: number, direction: readonly string[]) => {
    const runs: number[] = [];
    for (let run = 0; run < 3; run++) {
      const { megabytesPerSecond } = await tool.measure<{ megabytesPerSecond: number }>(
        "transfer",
        [...to, "-n", String(size), ...direction],
      );
      runs.push(megabytesPerSecond);
    }
    return runs.sort((a, b) => a - b)[1]!;
  };
  const download = await transfer(body, []);
  const upload = await transfer(uploaded, ["-up"]);
  const events = await tool.measure<Events>("events", to);
  return {
    name,
    perSecond: many.perSecond,
    latency: one.p50,
    latencyP99: one.p99,
    download,
    upload,
    firstEvent: events.firstP50,
    laterEvent: events.laterP50,
    laterEventP99: events.laterP99,
    memory: proxy?.memory().peak ?? 0,
    failures: many.failures + one.failures,
  };
}

function print(all: readonly Measured[]): void {
  say("");
  say(
    "| | req/s at 16 | ms at 1 (p99) | download MB/s | upload MB/s | first event ms | later events ms (p99) | peak RSS MB | failures |",
  );
  say("|---|---|---|---|---|---|---|---|---|");
  for (const one of all) {
    const cells = [
      one.name,
      one.perSecond.toFixed(0),
      `${one.latency.toFixed(2)} (${one.latencyP99.toFixed(2)})`,
      one.download.toFixed(0),
      one.upload.toFixed(0),
      one.firstEvent.toFixed(2),
      `${one.laterEvent.toFixed(2)} (${one.laterEventP99.toFixed(2)})`,
      one.memory === 0 ? "" : one.memory.toFixed(0),
      String(one.failures),
    ];
    say(`| ${cells.join(" | ")} |`);
  }
}

function printRatios(
  own: Measured,
  peer: Measured,
  streaming: Measured,
  direct: Measured,
): void {
  const added = own.latency - direct.latency;
  const peerAdded = peer.latency - direct.latency;
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ratio("requests/s at 16 connections, of mitmproxy's", own.perSecond / peer.perSecond, "≥", 5),
    ratio("added latency at one connection, of mitmproxy's", added / peerAdded, "≤", 0.5),
    ratio("download, of mitmproxy's", own.download / peer.download, "≥", 2),
    ratio("download, of mitmproxy's when it streams", own.download / streaming.download, "≥", 1),
    ratio("added delay of an event, ms", own.laterEvent - direct.laterEvent, "≤", 2),
    ratio("peak resident memory, MB", own.memory, "≤", 200),
    ratio("failures", own.failures, "≤", 0),
  ];
  say("");
  for (const [what, value, target, met] of rows) {
    say(
      `${what.padEnd(50)} ${value.padStart(8)}   target ${target.padEnd(6)} ${
        met ? "met" : "MISSED"
      }`,
    );
  }
}

function ratio(
  what: string,
  value: number,
  relation: "≥" | "≤",
  target: number,
): readonly [string, string, string, boolean] {
  const met = relation === "≥" ? value >= target : value <= target;
  return [what, value.toFixed(2), `${relation} ${target}`, met];
}
