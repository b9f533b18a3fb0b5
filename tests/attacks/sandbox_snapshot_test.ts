/**
 * What an agent can do to the copy of its files that is made while it runs. The copy is looked at from the host, by
 * paths that nobody can change any more.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import { copyArguments } from "../../backends/bubblewrap/copy_arguments.ts";
import { rootEntries } from "../../backends/bubblewrap/host_binds.ts";
import { agentHostUid } from "../../backends/bubblewrap/identity.ts";
import { seccompProgram } from "../../backends/bubblewrap/seccomp.ts";
import type { SnapshotReport } from "../../backends/backend.ts";
import type { TestBottle } from "../conformance/subject.ts";
import { bubblewrapTest } from "./sandbox_fixture.ts";

let count = 0;

async function snapshot(
  { plan, stateDir }: TestBottle,
  home: string,
  signal?: AbortSignal,
): Promise<{ folder: string; report: SnapshotReport }> {
  const folder = join(stateDir, `copy-${++count}`);
  await Deno.mkdir(folder, { mode: 0o700 });
  const backend = new BubblewrapBackend({ home, operatorHome: "/home" });
  const report = await backend.snapshot({
    slug: plan.slug,
    from: stateDir,
    to: folder,
    leaveOut: [".cache", ".ssh"],
    ...(signal === undefined ? {} : { signal }),
  });
  return { folder, report };
}

/** What a shell says of a copy; it reads what only the agent's owner may. */
async function look(folder: string, script: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", script],
    cwd: folder,
    env: { LC_ALL: "C" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder("latin1").decode(stdout);
}

/** Runs a script in the bottle until the body has ended. */
async function whileRunning(test: TestBottle, script: string, body: () => Promise<void>) {
  const abort = new AbortController();
  const running = test.bottle.exec(["/bin/sh", "-c", script], {
    inherit: false,
    signal: abort.signal,
  });
  try {
    const started = join(test.stateDir, "workspace", "started");
    for (let turn = 0; turn < 1500; turn++) {
      if (await Deno.lstat(started).then(() => true, () => false)) break;
      await new Promise((wake) => setTimeout(wake, 20));
    }
    assert.ok(await Deno.lstat(started), "the agent is at work");
    await body();
  } finally {
    abort.abort();
    await running;
  }
}

bubblewrapTest(
  "a folder that becomes a link to the sidecar's contract and to /etc while it is copied shows neither",
  async (test, home) => {
    const contract = join(test.stateDir, "sidecar", "config");
    await Deno.mkdir(contract, { recursive: true });
    const marker = `marker-${crypto.randomUUID()}`;
    await Deno.writeTextFile(join(contract, "inner"), marker);
    const script = `
      mkdir -p a/d b c kept; echo own > kept/f; for n in 1 2 3 4 5 6 7 8; do echo own > a/d/f$n; done; echo own > a/d/inner; echo own > a/d/passwd
      ln -s ${contract} b/d; ln -s /etc c/d; ln -s ${contract}/inner b/inner; touch started
      while :; do
        mv a/d a/e; mv b/d a/d; mv a/d b/d; mv a/e a/d
        mv a/d a/e; mv c/d a/d; mv a/d c/d; mv a/e a/d
        mv a/d/inner a/g; mv b/inner a/d/inner; mv a/d/inner b/inner; mv a/g a/d/inner
      done`;
    await whileRunning(test, script, async () => {
      for (let turn = 0; turn < 30; turn++) {
        const { folder } = await snapshot(test, home);
        const text = await look(folder, "grep -rs . --exclude=started . || :");
        assert.ok(!text.includes(marker), text);
        assert.ok(!text.includes("root:"), text);
        assert.match(text, /\/kept\/f:own$/m);
        assert.equal(await look(folder, "find . -name routes.yaml -o -name passwd -size +1"), "");
      }
    });
  },
);

bubblewrapTest(
  "the walls of a copy show the bottle's files, the system's programs and nothing else, and no network",
  async (test, home) => {
    const contract = join(test.stateDir, "sidecar", "config");
    await Deno.mkdir(contract, { recursive: true });
    await Deno.writeTextFile(join(contract, "inner"), "secret");
    await test.sh(`echo own > f; ln -s ${contract}/inner link; echo own > ~/g; chmod 000 ~/g`);
    const { folder } = await snapshot(test, home);
    const agentUid = Deno.uid() === 0 ? agentHostUid(test.plan.slug) : null;
    const args = copyArguments({
      from: test.stateDir,
      to: folder,
      agentUid,
      rootEntries: rootEntries(),
    });
    const script = `
      cat /from/workspace/f /from/home/g
      for path in ${contract}/inner /from/workspace/link /from/sidecar/config/inner /etc/passwd /etc/shadow \\
        /proc/1/root${contract}/inner ${home} /root /home /sys /run; do
        ls -d "$path/" "$path" 2>/dev/null
      done
      ls -A /from /etc
      for path in /from/workspace/new /from/home/new /from/new /usr/new /new /proc/sys/kernel/core_pattern; do
        (echo x > "$path") 2>/dev/null && echo "wrote $path"
      done
      rm -f /from/workspace/f 2>/dev/null; cat /from/workspace/f
      tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '
      mount -t tmpfs x /to 2>/dev/null && echo mounted
      unshare -U true 2>/dev/null && echo unshared
      grep CapBnd /proc/self/status`;
    const child = spawn("bwrap", [...args, "/bin/sh", "-c", script], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const architecture = Deno.build.arch;
    (child.stdio[3] as Writable).end(seccompProgram(architecture));
    let text = "";
    child.stdout!.on("data", (chunk) => text += chunk);
    child.stderr!.on("data", (chunk) => text += chunk);
    await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual(text.trim().split("\n"), [
      ...["own", "own"],
      // What stands at a link's own name, not what it leads to.
      "/from/workspace/link",
      ...["/etc:", "ld.so.cache", "", "/from:", "home", "workspace"],
      "own",
      "lo",
      "CapBnd:\t0000000000000002", // CAP_DAC_OVERRIDE
    ]);
  },
);

bubblewrapTest(
  "links stay links, also to places outside, and hard links stay one file",
  async (test, home) => {
    await test.sh(
      "echo x > a; ln a b; ln -s /etc/shadow abs; ln -s ../../../.. up; ln -s / ~/root; ln -s loop loop",
    );
    const { folder, report } = await snapshot(test, home);
    assert.equal(
      await look(folder, "readlink workspace/abs workspace/up home/root"),
      [
        "/etc/shadow",
        "../../../..",
        "/",
        "",
      ].join("\n"),
    );
    assert.equal(await look(folder, "stat -c %h workspace/a workspace/b"), "2\n2\n");
    assert.equal(report.entries, 6);
  },
);

bubblewrapTest(
  "a sparse file of a terabyte takes no room, and keeps its length",
  async (test, home) => {
    await test.sh("truncate -s 1T huge; echo end >> huge");
    const { folder, report } = await snapshot(test, home);
    assert.equal(await look(folder, "stat -c %s workspace/huge"), "1099511627780\n");
    assert.ok(report.bytes < 1024 * 1024, String(report.bytes));
  },
  { limits: { diskBytes: 2 * 1024 ** 4 } },
);

bubblewrapTest(
  "pipes and sockets are left out, and nothing waits for them",
  async (test, home) => {
    await test.sh(
      "mkfifo p ~/p; perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(\"s\"))'; echo x > f; ls -l s",
    );
    assert.ok((await Deno.lstat(join(test.stateDir, "workspace", "s"))).isSocket, "the control");
    const { folder, report } = await snapshot(test, home);
    assert.equal(await look(folder, "find home workspace -mindepth 1"), "workspace/f\n");
    assert.equal(report.entries, 1);
  },
);

bubblewrapTest(
  "what the agent took its own permissions away from is copied with its content",
  async (test, home) => {
    await test.sh(
      "mkdir d; echo x > d/f; chmod 000 d/f d; mkdir -p ~/e; echo y > ~/e/g; chmod 0 ~/e ~ .",
    );
    const { folder } = await snapshot(test, home);
    // The fixture removes the bottle's own as its owner, who may not enter them either.
    await look(
      test.stateDir,
      "chmod 700 home workspace && chmod 700 home/e workspace/d && chmod 600 workspace/d/f",
    );
    assert.equal(await look(folder, "stat -c %a workspace/d home/e"), "0\n0\n");
    await look(folder, "chmod 700 workspace/d home/e && chmod 600 workspace/d/f");
    assert.equal(await look(folder, "cat workspace/d/f home/e/g"), "x\ny\n");
  },
);

bubblewrapTest(
  "names that are no UTF-8, hold newlines or look like options are copied",
  async (test, home) => {
    await test.sh(
      `printf x > "$(printf '\\377\\376')"; printf x > "$(printf 'a\\nb')"; printf x > ./--help; printf x > ./-rf; ` +
        "printf x > '*'; printf x > ': No such file or directory'",
    );
    const { folder, report } = await snapshot(test, home);
    assert.equal(report.entries, 6);
    assert.equal(
      await look(folder, "cd workspace; for f in *; do printf '%s,' \"$f\"; done"),
      "*,--help,-rf,: No such file or directory,a\nb,\xff\xfe,",
    );
  },
);

bubblewrapTest(
  "folders deeper than a path can name are copied as far as one can, and that is said",
  async (test, home) => {
    await test.sh(
      `echo kept > f; perl -e 'for (1 .. 3000) { mkdir "aaaaaaaa" or die $!; chdir "aaaaaaaa" or die $! }'`,
    );
    const { folder, report } = await snapshot(test, home);
    assert.ok(report.unopened > 0);
    assert.ok(report.entries > 400, String(report.entries));
    assert.equal(await look(folder, "cat workspace/f"), "kept\n");
    // The fixture's own removal holds a descriptor for each level.
    await look(test.stateDir, "rm -rf workspace/aaaaaaaa");
  },
);

bubblewrapTest(
  "places for credentials and caches are left out at the top of the home alone",
  async (test, home) => {
    await test.sh(
      "for d in ~ . ~/sub; do mkdir -p $d/.ssh $d/.cache; echo x > $d/.ssh/id; echo x > $d/.cache/c; done",
    );
    const { folder } = await snapshot(test, home);
    assert.equal(
      await look(folder, "find home workspace -type f | sort"),
      [
        "home/sub/.cache/c",
        "home/sub/.ssh/id",
        "workspace/.cache/c",
        "workspace/.ssh/id",
        "",
      ].join("\n"),
    );
  },
);

bubblewrapTest(
  "files that are written while they are copied are counted, and the bottle goes on",
  async (test, home) => {
    const script = "touch started; while :; do echo x >> log; echo y > ~/other; done";
    await whileRunning(test, script, async () => {
      const { report } = await snapshot(test, home);
      assert.ok(report.changed >= 1, JSON.stringify(report));
      const size = () => Deno.statSync(join(test.stateDir, "workspace", "log")).size;
      const before = size();
      for (let turn = 0; turn < 500 && size() === before; turn++) {
        await new Promise((wake) => setTimeout(wake, 20));
      }
      assert.ok(size() > before, "the agent goes on");
    });
    assert.equal((await snapshot(test, home)).report.changed, 0);
  },
);

bubblewrapTest("files that come and go while they are copied fail nothing", async (test, home) => {
  const script = `
    touch started
    while :; do
      for n in 1 2 3 4 5 6 7 8 9; do mkdir -p t/$n; echo x > t/$n/f; done
      rm -rf t; mkfifo p; echo x > t; rm t p
    done`;
  await whileRunning(test, script, async () => {
    for (let turn = 0; turn < 10; turn++) {
      const { folder } = await snapshot(test, home);
      assert.equal(await look(folder, "find . -type p"), "");
    }
  });
});

bubblewrapTest(
  "a copy that is interrupted says so, and the next one is whole",
  async (test, home) => {
    await test.sh("for n in $(seq 1 300); do echo $n > f$n; done");
    const abort = new AbortController();
    abort.abort();
    await assert.rejects(snapshot(test, home, abort.signal), { code: "interrupted" });
    const { report } = await snapshot(test, home);
    assert.equal(report.entries, 300);
  },
);
