/** Attacks on processes: killing or tracing what is outside, surviving the host, filling the process table or memory. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import { openTestBottle, temporaryHome } from "../conformance/subject.ts";
import { bubblewrapTest } from "./sandbox_fixture.ts";

const RUN_ONE = new URL("../conformance/run_one.ts", import.meta.url).pathname;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Processes of the machine whose argument list holds `word`, by number. */
function processesWith(word: string): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(word)) found.push(Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

async function until(what: string, condition: () => boolean, patience = 10_000): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > patience) throw new Error(`Not within ${patience} ms: ${what}`);
    await pause(10);
  }
  return performance.now() - start;
}

function runOne(home: string, slug: string, ...argv: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", "--no-check", RUN_ONE, home, slug, ...argv],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

bubblewrapTest("kill: a signal to the whole process group ends nothing outside", async (test) => {
  // kill(0, …) goes to every member of the group with the same uid, in whatever pid namespace it is.
  const bystander = new Deno.Command("sleep", { args: ["60"] }).spawn();
  let ended = false;
  void bystander.status.then(() => ended = true);
  try {
    for (const inherit of [false, true]) {
      const result = await test.bottle.exec(["perl", "-e", "kill 'KILL', 0; sleep 1"], { inherit });
      assert.equal(result.code, 137);
    }
    await test.bottle.exec(["perl", "-e", "kill 'KILL', -1; sleep 1"], { inherit: false });
    await pause(50);
    assert.equal(ended, false); // and this process still runs
  } finally {
    bystander.kill("SIGKILL");
    await bystander.status;
  }
});

Deno.test("kill: control: without a group of its own, a pid namespace does not stop kill(0)", async () => {
  // setsid makes the group that would otherwise be ours; the sleep beside the namespace is in it.
  const script =
    `sleep 5 & s=$!; bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc --dev /dev ` +
    `perl -e 'kill "KILL", 0'; wait $s; echo "sleep $?"`;
  const { stdout } = await new Deno.Command("setsid", {
    args: ["-w", "sh", "-c", script],
    stderr: "null",
  }).output();
  // Everything in the group died, the shell that would have told included.
  assert.equal(new TextDecoder().decode(stdout), "");
});

bubblewrapTest(
  "kill: host and sidecar processes cannot be seen, signalled or traced",
  async (test) => {
    const { stdout } = await test.sh(`
    kill -0 ${Deno.pid} 2>/dev/null && [ "$(cat /proc/${Deno.pid}/comm)" = deno ] && echo "saw host"
    ls /proc | grep -cE '^[0-9]+$'
    perl -e 'for my $p (1 .. 300) { next if -d "/proc/$p"; print "kill $p\\n" if kill 0, $p }'`);
    const [processes, ...rest] = stdout.trim().split("\n");
    assert.ok(Number(processes) <= 8, stdout);
    assert.deepEqual(rest, []);
  },
);

const ATTACH_OWN_CHILD = `
  my $child = fork; if (!$child) { sleep 5; exit }
  my $r = syscall($ARGV[0], 16, $child, 0, 0); print $r == 0 ? "attached" : "refused", "\\n"; kill "KILL", $child;`;

bubblewrapTest("trace: attaching is refused even to a child of one's own", async (test) => {
  const number = Deno.build.arch === "x86_64" ? "101" : "117";
  const { stdout } = await test.bottle.exec(["perl", "-e", ATTACH_OWN_CHILD, number], {
    inherit: false,
  });
  assert.equal(stdout, "refused\n");
  const control = await new Deno.Command("perl", { args: ["-e", ATTACH_OWN_CHILD, number] })
    .output();
  assert.equal(new TextDecoder().decode(control.stdout), "attached\n");
});

Deno.test("die: when the host is killed, agent and everything in the bottle is gone within a second", async () => {
  await using folder = await temporaryHome();
  const word = `orphan-${crypto.randomUUID()}`;
  const script =
    `(setsid sh -c 'while :; do sleep 0.1; done # ${word}' &) ; while :; do sleep 0.1; done # ${word}`;
  const host = runOne(folder.home, "killed", "/bin/sh", "-c", script);
  await until("two processes", () => processesWith(`# ${word}`).length >= 3); // and the host itself
  host.kill("SIGKILL");
  const took = await until("they are gone", () => processesWith(word).length === 0, 3_000);
  assert.ok(took < 1000, `${took} ms`);
  await host.output();

  const backend = new BubblewrapBackend({ home: folder.home, operatorHome: "/home" });
  assert.deepEqual(
    (await backend.enumerate()).map(({ slug, running }) => [slug, running]),
    [["killed", false]],
  );
  const left = await backend.leftovers();
  assert.ok(left.some(({ slug, what }) => slug === "killed" && what.startsWith("run record")));
  if (Deno.uid() === 0) assert.ok(left.some(({ what }) => what.startsWith("cgroup ")));
  for (const item of left.filter(({ slug }) => slug === "killed")) await backend.remove(item);
  assert.deepEqual((await backend.leftovers()).filter(({ slug }) => slug === "killed"), []);
  assert.deepEqual(await backend.enumerate(), []);
});

Deno.test("die: a bottle outlives the thread that started it", async () => {
  // PR_SET_PDEATHSIG is about the parent *thread*: one that ends while the process lives would end the bottle.
  await using folder = await temporaryHome();
  const host = runOne(folder.home, "long", "/bin/sh", "-c", "sleep 17; echo alive");
  const { code, stdout } = await host.output();
  assert.equal(new TextDecoder().decode(stdout), "alive\n");
  assert.equal(code, 0);
});

Deno.test("die: a reused process number is not taken for the host that is gone", async () => {
  await using folder = await temporaryHome();
  const state = join(folder.home, "state", "old");
  await Deno.mkdir(state, { recursive: true });
  const record = {
    backend: "bubblewrap",
    slug: "old",
    host: { pid: Deno.pid, start: "1" },
    cgroups: [],
  };
  await Deno.writeTextFile(join(state, "run.json"), JSON.stringify(record));
  const backend = new BubblewrapBackend({ home: folder.home });
  assert.deepEqual(await backend.enumerate(), [{
    backend: "bubblewrap",
    slug: "old",
    running: false,
  }]);
});

bubblewrapTest("fill: a fork bomb stays in its bottle and ends with it", async (test) => {
  const before = processesWith("").length;
  const stop = new AbortController();
  const bomb = test.bottle.exec(
    ["bash", "-c", "b() { b | b & }; b 2>/dev/null; sleep 20"],
    { inherit: false, signal: stop.signal },
  );
  await pause(1200);
  const start = performance.now();
  const { success } = await new Deno.Command("true").output();
  const took = performance.now() - start;
  const during = processesWith("").length;
  stop.abort();
  await bomb;
  assert.ok(success && took < 2000, `a host process took ${took} ms`);
  assert.ok(during - before < 200, `${during - before} more processes`);
  await until("its processes are gone", () => processesWith("b() {").length === 0);
}, { limits: { pids: 64 } });

bubblewrapTest("fill: memory beyond the limit is not given", async (test) => {
  // 600 MiB, touched; the limit is 256 MiB.
  const hog = `my $x = ""; for (1 .. 600) { $x .= "x" x 1048576 } print length($x), "\\n";`;
  const result = await test.bottle.exec(["perl", "-e", hog], { inherit: false });
  assert.notEqual(result.code, 0);
  assert.equal(result.stdout, "");
  const small = await test.bottle.exec(["perl", "-e", hog.replace("600", "60")], {
    inherit: false,
  });
  assert.equal(small.stdout, `${60 * 1048576}\n`); // the control: less than the limit works
}, { limits: { memoryBytes: 256 * 1024 * 1024 } });

bubblewrapTest("fill: /tmp and shared memory are bounded", async (test) => {
  const { stdout } = await test.sh(
    "head -c 100000000 /dev/zero > /dev/shm/f 2>/dev/null; stat -c %s /dev/shm/f; df -Pk /tmp | tail -1 | awk '{print $2}'",
  );
  const [shared, tmp] = stdout.trim().split("\n").map(Number);
  assert.equal(shared, 64 * 1024 * 1024);
  assert.ok(tmp! <= 2 * 1024 * 1024, `${tmp} KiB`);
}, { limits: { memoryBytes: 512 * 1024 * 1024 } });

bubblewrapTest("two bottles see and signal nothing of each other", async (test, home) => {
  const backend = new BubblewrapBackend({ home, operatorHome: "/home", grace: 500 });
  await using other = await openTestBottle({ backend, home });
  await other.sh("echo theirs > /workspace/secret; chmod 777 /workspace/secret");
  const waiting = other.sh("sleep 1; echo done");
  const { stdout } = await test.sh(
    `find / -path /proc -prune -o -path /usr -prune -o -name secret -print 2>/dev/null; cat ${other.stateDir}/workspace/secret 2>/dev/null; kill -KILL -1`,
  );
  assert.equal(stdout, "");
  assert.equal((await waiting).stdout, "done\n");
});
