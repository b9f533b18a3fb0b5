/**
 * What large uploads cost, which the detectors look at as a whole: memory, throughput, and how long small requests
 * wait beside them.
 *
 * Usage: deno task bench:uploads [SECONDS]   (of each measurement; 5 unless given)
 */
import { TestAuthority } from "../tests/support/test_authority.ts";
import { buildLoadTool, HOSTS, say } from "./load_tool.ts";
import { buildSidecar, startOwnProxy } from "./proxy_process.ts";

interface Uploads {
  readonly megabytesPerSecond: number;
  readonly failures: number;
}

interface Requests {
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

const MIB = 1 << 20;
const seconds = Number(Deno.args[0] ?? "5");
const folder = await Deno.makeTempDir({ prefix: "bb-bench-" });
try {
  const tool = await buildLoadTool(folder);
  await buildSidecar();
  const authority = new TestAuthority();
  await using upstream = await tool.startUpstream(folder, authority);
  await using proxy = await startOwnProxy(folder, upstream, authority);
  const to = ["-proxy", proxy.address, "-host", proxy.authorityOf(HOSTS.withCredential)];
  const lasting = ["-d", `${seconds}s`];
  const requests = (connections: number) =>
    tool.measure<Requests>("requests", [...to, ...lasting, "-c", `${connections}`]);
  say("| | upload MB/s | small requests, ms (p99) | RSS now, MB | peak, MB | failures |");
  say("| --- | --- | --- | --- | --- | --- |");
  const row = (what: string, small: Requests | undefined, large?: Uploads) => {
    const { now, peak } = proxy.memory();
    const cells = [
      what,
      large?.megabytesPerSecond.toFixed(0) ?? "",
      small === undefined ? "" : `${small.p50.toFixed(2)} (${small.p99.toFixed(2)})`,
      now.toFixed(0),
      peak.toFixed(0),
      String((small?.failures ?? 0) + (large?.failures ?? 0)),
    ];
    say(`| ${cells.join(" | ")} |`);
  };
  row("after its start", undefined);
  row("small requests, 16 connections", await requests(16));
  row("small requests, 1 connection", await requests(1));
  for (const [megabytes, connections] of [[1, 4], [8, 1], [8, 4], [16, 1], [16, 4]] as const) {
    const sending = ["-n", `${megabytes * MIB}`, "-c", `${connections}`, ...lasting];
    const [large, small] = await Promise.all([
      tool.measure<Uploads>("uploads", [...to, ...sending]),
      requests(1),
    ]);
    row(`uploads of ${megabytes} MiB, ${connections} at once`, small, large);
  }
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  row("8 s later", undefined);
} finally {
  await Deno.remove(folder, { recursive: true });
}
