/**
 * How long a bottle takes to start: `run -- true` as a whole, the first instruction in the bottle after the tool's
 * own start, and the same for `srt` of @anthropic-ai/sandbox-runtime, which intercepts nothing, side by side.
 *
 * Usage: deno task bench:start [ROUNDS]
 */
import { join } from "node:path/posix";

const ROOT = new URL("../", import.meta.url).pathname;
const BOT_BOTTLE = join(ROOT, "bot-bottle");
const PEER = "@anthropic-ai/sandbox-runtime@0.0.83";
const rounds = Number(Deno.args[0] ?? "15");

const scratch = await Deno.makeTempDir({ prefix: "bb-bench-" });
const environment = { BOT_BOTTLE_HOME: join(scratch, "home") };
try {
  const peer = await installPeer(scratch);
  await timed([BOT_BOTTLE, "run", "--", "true"]); // builds the bundles, fills the caches
  if (peer !== undefined) await timed([peer, "true"]);
  const whole: number[] = [];
  const peers: number[] = [];
  const starts: number[] = [];
  const first: number[] = [];
  // In turn, so that whatever else the machine does falls on all alike.
  for (let round = 0; round < rounds; round++) {
    whole.push(await timed([BOT_BOTTLE, "run", "--", "true"]));
    if (peer !== undefined) peers.push(await timed([peer, "true"]));
    const start = await timed([BOT_BOTTLE, "--version"]);
    starts.push(start);
    first.push(await untilFirstInstruction() - start);
  }
  print("bot-bottle run -- true", whole);
  if (peer === undefined) {
    say(`srt true                                 not measured: npm cannot install ${PEER}`);
  } else print(`srt true (${PEER.split("/")[1]})`, peers);
  print("bot-bottle --version (start of the tool)", starts);
  print("first instruction after the tool's start", first);
  if (peer !== undefined) {
    say(`\nrun / srt = ${(median(whole) / median(peers)).toFixed(2)}   target ≤ 0.70`);
  }
  say(`first instruction = ${median(first).toFixed(0)} ms   target ≤ 150 ms`);
} finally {
  await Deno.remove(scratch, { recursive: true });
}

/** Milliseconds of a command as a whole process. */
async function timed(argv: readonly [string, ...string[]]): Promise<number> {
  const before = performance.now();
  const { code, stderr } = await run(argv);
  const took = performance.now() - before;
  if (code !== 0) {
    throw new Error(`${argv.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return took;
}

/** Milliseconds from the start of the tool to the first instruction in the bottle, by the bottle's own clock reading. */
async function untilFirstInstruction(): Promise<number> {
  const before = performance.timeOrigin + performance.now();
  const { stdout } = await run([BOT_BOTTLE, "run", "--", "date", "+%s%N"]);
  return Number(new TextDecoder().decode(stdout)) / 1e6 - before;
}

function run([program, ...args]: readonly [string, ...string[]]): Promise<Deno.CommandOutput> {
  return new Deno.Command(program, { args, env: environment, stdin: "null" }).output();
}

async function installPeer(folder: string): Promise<string | undefined> {
  const { code } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--prefix", join(folder, "peer"), PEER],
    stdout: "null",
    stderr: "null",
  }).output();
  const program = join(folder, "peer/node_modules/.bin/srt");
  if (code !== 0) return undefined;
  const works = await run([program, "true"]);
  return works.code === 0 ? program : undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function print(what: string, values: readonly number[]): void {
  const ms = (value: number) => `${value.toFixed(0).padStart(4)} ms`;
  say(
    `${what.padEnd(40)} median ${ms(median(values))}   min ${ms(Math.min(...values))}   max ${
      ms(Math.max(...values))
    }`,
  );
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
