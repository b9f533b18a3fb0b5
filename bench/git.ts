/**
 * What the push gate costs: a commit of ten files through it and past it, side by side, and a push of 100 MiB in 5,000
 * files with the gate's memory; next to a gate that runs gitleaks over `git log -p`.
 *
 * Usage: deno task bench:git [ROUNDS] [--small]
 */
import { join } from "node:path/posix";
import { GitClient } from "../tests/gitgate/git_client.ts";
import { GateScene, neededProgram } from "../tests/gitgate/gate_scene.ts";
import { startGateProcess } from "../tests/gitgate/gate_process.ts";

const rounds = Number(Deno.args.find((arg) => /^\d+$/.test(arg)) ?? "9");
const MIB = 1024 * 1024;

/** Writes one line. */
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

async function timed(action: () => Promise<{ code: number; stderr: string }>): Promise<number> {
  const before = performance.now();
  const { code, stderr } = await action();
  if (code !== 0) throw new Error(stderr);
  return performance.now() - before;
}

/** A generator of the same numbers every time, so that runs can be compared. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Text with the shape of source code. */
function source(bytes: number, random: () => number): string {
  const words = [
    "const",
    "value",
    "return",
    "await",
    "function",
    "key",
    "index",
    "result",
    "token",
  ];
  let text = "";
  while (text.length < bytes) {
    const name = Math.floor(random() * 2 ** 31).toString(36);
    const word = words[Math.floor(random() * words.length)]!;
    text += `  ${word} ${name} = ${name.slice(2)}(${Math.floor(random() * 1000)}, "${word} ${
      name.slice(1)
    }");\n`;
  }
  return text.slice(0, bytes);
}

/** Resident bytes of a process and everything it started, summed. */
function residentBytes(pid: number): number {
  const children = new Map<number, number[]>();
  const size = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = Deno.readTextFileSync(`/proc/${name}/status`);
      const parent = Number(/^PPid:\s+(\d+)/m.exec(text)?.[1]);
      // Pages of files, such as a mapped pack, are the system's cache and not the program's own.
      size.set(Number(name), Number(/^RssAnon:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024);
      children.set(parent, [...children.get(parent) ?? [], Number(name)]);
    } catch { /* it has ended */ }
  }
  const sum = (id: number): number =>
    (size.get(id) ?? 0) + (children.get(id) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(pid);
}

await using scene = await GateScene.start();
await scene.stopGate();
const { record: _record, onDefect: _onDefect, token: _token, ...plain } = scene.gateOptions();
await using gate = await startGateProcess(plain);
const url = `http://127.0.0.1:${gate.port}/app.git`;
const client = await scene.clone(url);
const ssh = {
  env: {
    GIT_SSH_COMMAND: `ssh -F /dev/null -i ${scene.ssh.identityFile} -o StrictHostKeyChecking=no ` +
      `-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`,
  },
};
const random = randomNumbers(7);

say(`one commit of 10 files, ${rounds} rounds in turn, over ssh on loopback`);
const through: number[] = [];
const past: number[] = [];
const logged: number[] = [];
for (let round = 0; round <= rounds; round++) {
  const change = () =>
    client.commit(
      "Change",
      Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [`src/f${index}.ts`, source(3000, random)]),
      ),
    );
  await change();
  const one = await timed(() => client.push(url, "HEAD:refs/heads/through"));
  await change();
  const two = await timed(() =>
    GitClient.tryWith(client.path, ssh, [
      "push",
      scene.ssh.url("upstream.git"),
      "HEAD:refs/heads/past",
    ])
  );
  const three = await logScan(join(client.path, ".git"), "HEAD~1..HEAD");
  if (round === 0) continue; // fills caches
  through.push(one);
  past.push(two);
  logged.push(three.ms);
}
const added = median(through) - median(past);
say(`  through the gate         ${median(through).toFixed(0)} ms`);
say(`  past the gate            ${median(past).toFixed(0)} ms`);
say(`  gitleaks over git log -p ${median(logged).toFixed(0)} ms, the scan alone`);
say(`  the gate adds            ${added.toFixed(0)} ms   target ≤ 1000 ms`);

say("\n100 MiB in 5,000 files");
const each = Math.floor(100 * MIB / 5000);
await client.git("checkout", "-q", "--orphan", "large");
for (let index = 0; index < 5000; index++) {
  const folder = join(client.path, `d${index % 50}`);
  if (index < 50) Deno.mkdirSync(folder);
  Deno.writeTextFileSync(join(folder, `f${index}.ts`), source(each, random));
}
await client.commit("Large", {});
const cpuBefore = cpuSeconds(gate.pid);
let peak = 0;
let gatePeak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, residentBytes(gate.pid));
  gatePeak = Math.max(
    gatePeak,
    Number(/^VmHWM:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${gate.pid}/status`))?.[1] ?? 0) *
      1024,
  );
}, 50);
const large = await timed(() => client.push(url, "HEAD:refs/heads/large-through"));
clearInterval(watch);
const cpu = cpuSeconds(gate.pid) - cpuBefore;
// Into a repository that has nothing of it yet.
await GitClient.run(scene.folder, "init", "-q", "--bare", join(scene.folder, "second.git"));
const largePast = await timed(() =>
  GitClient.tryWith(client.path, ssh, [
    "push",
    scene.ssh.url("second.git"),
    "HEAD:refs/heads/large",
  ])
);
const log = await logScan(join(client.path, ".git"), "HEAD");
say(`  through the gate         ${(large / 1000).toFixed(1)} s   target ≤ 60 s`);
say(`  of the gate, CPU         ${cpu.toFixed(1)} s   on ${navigator.hardwareConcurrency} cores`);
say(`  past the gate            ${(largePast / 1000).toFixed(1)} s`);
say(
  `  gitleaks over git log -p ${(log.ms / 1000).toFixed(1)} s, the scan alone; CPU ${
    log.cpu.toFixed(1)
  } s`,
);
say(`  memory, with programs    ${(peak / MIB).toFixed(0)} MiB   target ≤ 300 MiB`);
say(`  the gate's own process   ${(gatePeak / MIB).toFixed(0)} MiB with its code`);

/** Seconds of CPU that a process and its ended children have used (proc(5), fields 14 to 17). */
function cpuSeconds(pid: number | "self"): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** What a gate that reads `git log -p` would do: gitleaks's own git mode over the new commits. */
async function logScan(gitDir: string, range: string): Promise<{ ms: number; cpu: number }> {
  const before = performance.now();
  const cpuBefore = cpuSeconds("self");
  const { code, stderr } = await new Deno.Command(neededProgram("gitleaks"), {
    args: ["detect", "--no-banner", "-l", "error", "--source", gitDir, "--log-opts", range],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0 && code !== 1) throw new Error(new TextDecoder().decode(stderr));
  return { ms: performance.now() - before, cpu: cpuSeconds("self") - cpuBefore };
}
