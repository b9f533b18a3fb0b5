/**
 * Keeps the proxy busy on 16 connections with a mix of requests, and fails when one is dropped or stalls for five
 * seconds, or when memory grows steadily.
 *
 * Usage: deno task soak [MINUTES]   (10 unless given)
 */
import { TestAuthority } from "../tests/support/test_authority.ts";
import { buildLoadTool, HOSTS, say } from "./load_tool.ts";
import { buildSidecar, startOwnProxy } from "./proxy_process.ts";

/** Growth from the second quarter to the last that is still taken for noise. */
const NOISE = { share: 0.15, megabytes: 20 };

interface Ended {
  readonly answered: number;
  readonly failed: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly slowestMilliseconds: number;
}

const minutes = Number(Deno.args[0] ?? "10");
const folder = await Deno.makeTempDir({ prefix: "bb-soak-" });
let faults: string[];
try {
  const tool = await buildLoadTool(folder);
  await buildSidecar();
  const authority = new TestAuthority();
  await using upstream = await tool.startUpstream(folder, authority);
  await using proxy = await startOwnProxy(folder, upstream, authority);
  const host = proxy.authorityOf(HOSTS.withCredential);
  const samples: number[] = [];
  let last = "";
  const args = ["-proxy", proxy.address, "-host", host, "-d", `${minutes * 60}s`];
  for await (const line of tool.lines("soak", args)) {
    last = line;
    const { perSecond, failed } = JSON.parse(line) as { perSecond?: number; failed: number };
    if (perSecond === undefined) continue;
    samples.push(proxy.memory().now);
    say(
      `${String(samples.length * 10).padStart(5)} s  ${perSecond.toFixed(0).padStart(6)} req/s  ` +
        `${failed} failed  RSS ${samples.at(-1)!.toFixed(0)} MB`,
    );
  }
  const ended = JSON.parse(last) as Ended;
  say(
    `${ended.answered} answered, ${ended.failed} failed, slowest ${ended.slowestMilliseconds} ms, ` +
      `peak RSS ${proxy.memory().peak.toFixed(0)} MB`,
  );
  faults = [...failuresOf(ended), ...growthOf(samples)];
} finally {
  await Deno.remove(folder, { recursive: true });
}
for (const fault of faults) say(`FAILED: ${fault}`);
Deno.exit(faults.length === 0 ? 0 : 1);

function failuresOf({ answered, reasons }: Ended): string[] {
  const failures = Object.entries(reasons).map(([reason, count]) => `${count} × ${reason}`);
  return answered === 0 ? ["nothing was answered", ...failures] : failures;
}

function growthOf(samples: readonly number[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) return []; // too short to tell growth from warming up
  const early = mean(samples.slice(quarter, 2 * quarter));
  const late = mean(samples.slice(-quarter));
  const allowed = Math.max(early * NOISE.share, NOISE.megabytes);
  return late - early <= allowed
    ? []
    : [`memory grew from ${early.toFixed(0)} to ${late.toFixed(0)} MB`];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
