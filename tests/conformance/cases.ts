import assert from "node:assert/strict";
import { join } from "node:path";
import type { ProbeReport } from "../../core/probe.ts";
import { openTestBottle, type Subject } from "./subject.ts";

/** One thing that every backend must do. */
export interface ConformanceCase {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

const lines = (text: string) => text.trim().split("\n").filter(Boolean);

/** Shell scripts and the exit code that a shell reports for them. */
const EXIT_CODES: readonly (readonly [string[], number])[] = [
  [["/bin/sh", "-c", "exit 0"], 0],
  [["/bin/sh", "-c", "exit 7"], 7],
  [["/bin/sh", "-c", "exit 255"], 255],
  [["/etc/passwd"], 126],
  [["no-such-program"], 127],
  [["/bin/sh", "-c", "kill -TERM $$"], 143],
  [["/bin/sh", "-c", "kill -KILL $$"], 137],
];

export const CASES: readonly ConformanceCase[] = [
  {
    name: "is available and says its version",
    async run({ backend }) {
      const found = await backend.available();
      assert.equal(found.ok, true, found.reason);
      assert.match(found.version ?? "", /^\d+\.\d+/);
    },
  },
  {
    name: "passes exit codes and signals through as a shell does",
    async run(subject) {
      await using test = await openTestBottle(subject);
      for (const [argv, code] of EXIT_CODES) {
        const result = await test.bottle.exec(argv, { inherit: false });
        assert.deepEqual([argv, result.code], [argv, code]);
      }
    },
  },
  {
    name: "runs the probe before the command, and it finds nothing but the relay",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const order: string[] = [];
      let report: ProbeReport | undefined;
      const result = await test.bottle.attach(
        ["/bin/sh", "-c", "date > /workspace/ran"],
        { inherit: false },
        (found) => {
          report = found;
          const files = [...Deno.readDirSync(join(test.stateDir, "workspace"))];
          order.push(`probe sees ${files.length} files`);
        },
      );
      assert.equal(result.code, 0, result.reason);
      assert.deepEqual(order, ["probe sees 0 files"]);
      assert.equal(report?.ok, true);
      const reachable = report?.checks.filter(({ found }) => found === "reachable")
        .map(({ what }) => what);
      assert.deepEqual(reachable, ["relay 127.0.0.1:9099"]);
      assert.ok((report?.checks.length ?? 0) > 10);
    },
  },
  {
    name: "never runs the command when the sidecar is not there",
    async run(subject) {
      await using test = await openTestBottle(subject);
      test.stopSidecar();
      const result = await test.sh("date > /workspace/ran");
      assert.equal(result.code, 125);
      assert.equal(result.ended, "could not start");
      assert.match(result.reason ?? "", /relay 127\.0\.0\.1:9099 is unreachable/);
      assert.deepEqual([...Deno.readDirSync(join(test.stateDir, "workspace"))], []);
    },
  },
  {
    name: "has the user agent with uid 1000, a home, a workspace and the slug as its host name",
    async run(subject) {
      await using test = await openTestBottle(subject, { slug: "named-one" });
      const { stdout } = await test.sh("id -u; id -un; id -G; echo $HOME; pwd; uname -n; cd; pwd");
      assert.deepEqual(lines(stdout), [
        "1000",
        "agent",
        "1000",
        "/home/agent",
        "/workspace",
        "named-one",
        "/home/agent",
      ]);
    },
  },
  {
    name: "lets the agent write to home, workspace, /tmp and shared memory only",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const { stdout } = await test.sh(
        `find / -xdev -writable ! -type l -maxdepth 3 2>/dev/null; for f in /* /*/* /*/*/*; do
          [ -d "$f" ] && [ ! -L "$f" ] && (: > "$f/.try") 2>/dev/null && echo "wrote $f"; done`,
      );
      const wrote = new Set(
        lines(stdout).filter((line) => line.startsWith("wrote ")).map((line) => line.slice(6)),
      );
      wrote.delete("/tmp/.bot-bottle"); // the relay's, in /tmp
      assert.deepEqual([...wrote].sort(), ["/dev/shm", "/home/agent", "/tmp", "/workspace"]);
    },
  },
  {
    name: "keeps home and workspace between commands and between launches",
    async run(subject) {
      await using test = await openTestBottle(subject);
      await test.sh("echo one > /workspace/w; echo two > ~/h");
      assert.equal((await test.sh("cat /workspace/w ~/h")).stdout, "one\ntwo\n");
      await test.bottle[Symbol.asyncDispose]();
      const again = await subject.backend.launch(test.plan);
      try {
        const second = await again.exec(["/bin/sh", "-c", "cat /workspace/w ~/h; echo x > ~/n"], {
          inherit: false,
        });
        assert.equal(second.stdout, "one\ntwo\n");
        assert.equal(second.code, 0);
      } finally {
        await again[Symbol.asyncDispose]();
      }
    },
  },
  {
    name: "shows no host home, no /run, no /sys and no socket but the sidecar's",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const { stdout } = await test.sh(
        "ls -A /home /root /run /sys /mnt /media /srv 2>/dev/null; " +
          "find / -path /proc -prune -o -type s -print 2>/dev/null",
      );
      assert.deepEqual(lines(stdout), ["/home:", "agent", "/opt/bot-bottle/sockets/egress.sock"]);
    },
  },
  {
    name: "gives the command its values without putting them on any argument list",
    async run(subject) {
      const value = `value-${crypto.randomUUID()}`;
      const word = `word-${crypto.randomUUID()}`;
      await using test = await openTestBottle(subject, { env: { HIDDEN: value } });
      const seen = new Set<string>();
      const running = test.sh(`echo "$HIDDEN"; sleep 0.6 # ${word}`);
      for (let turn = 0; turn < 30; turn++) {
        for (const { name } of Deno.readDirSync("/proc")) {
          if (!/^\d+$/.test(name)) continue;
          try {
            const words = Deno.readTextFileSync(`/proc/${name}/cmdline`);
            if (words.includes(value)) seen.add("value");
            if (words.includes(word)) seen.add("word");
          } catch {
            // It ended while we looked.
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      assert.equal((await running).stdout, `${value}\n`);
      assert.deepEqual([...seen], ["word"]); // the control: the command itself was there to be seen
    },
  },
  {
    name: "keeps any value whole: quotes, newlines, dollars, no expansion",
    async run(subject) {
      const odd = `it's "odd"\n$(id) \`id\` \\ $HOME é\n`;
      await using test = await openTestBottle(subject, { env: { ODD: odd } });
      const { stdout } = await test.sh(`printf %s "$ODD"`);
      assert.equal(stdout, odd);
      const { stdout: argument } = await test.bottle.exec(["printf", "%s|", odd, ""], {
        inherit: false,
      });
      assert.equal(argument, `${odd}||`);
    },
  },
  {
    name: "keeps variables whose names a shell script may use itself",
    async run(subject) {
      const names = ["verdict", "reset", "deno", "plan", "mode", "fd", "own", "script", "IFS_"];
      const env = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
      await using test = await openTestBottle(subject, { env });
      const { stdout } = await test.sh(names.map((name) => `echo "$${name}"`).join("; "));
      assert.deepEqual(lines(stdout), names.map((name) => `of ${name}`));
    },
  },
  {
    name: "lets nothing in the workspace configure what runs before the command",
    async run(subject) {
      await using test = await openTestBottle(subject);
      await test.sh(
        "cd /workspace; for f in deno.json package.json import_map.json .npmrc .env; do echo '{ broken' > $f; done; " +
          "mkdir -p ~/.local/bin; for f in cat env deno sh setpriv; do " +
          "printf '#!/bin/sh\\necho shadowed > /workspace/shadowed\\n' > ~/.local/bin/$f; chmod +x ~/.local/bin/$f; done; " +
          "echo 'echo shadowed > /workspace/shadowed' | tee ~/.profile ~/.bashrc ~/.shrc > /dev/null",
      );
      const result = await test.bottle.exec(["/bin/echo", "fine"], { inherit: false });
      assert.deepEqual([result.stdout, result.code], ["fine\n", 0]);
      await assert.rejects(Deno.lstat(join(test.stateDir, "workspace", "shadowed")));
    },
  },
  {
    name: "inherits nothing of the host's environment and no descriptor",
    async run(subject) {
      Deno.env.set("HOST_ONLY_VARIABLE", "1");
      try {
        await using test = await openTestBottle(subject);
        const { stdout } = await test.sh("env | grep -c HOST_ONLY_VARIABLE; ls /proc/self/fd");
        assert.deepEqual(lines(stdout), ["0", "0", "1", "2", "3"]); // 3 is the listing's own
      } finally {
        Deno.env.delete("HOST_ONLY_VARIABLE");
      }
    },
  },
  {
    name: "lets a program open /dev/stdout and /dev/stderr again",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const result = await test.sh("echo out > /dev/stdout; echo err > /dev/stderr");
      assert.deepEqual([result.stdout, result.stderr], ["out\n", "err\n"]);
    },
  },
  {
    name: "reaches the sidecar through the relay, for a second command too",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const script =
        `exec 3<>/dev/tcp/127.0.0.1/9099; echo hello >&3; read -r back <&3; echo $back`;
      for (const turn of [1, 2]) {
        const result = await test.bottle.exec(["bash", "-c", script], { inherit: false });
        assert.equal(result.stdout, "hello\n", `turn ${turn}`);
      }
    },
  },
  {
    name: "holds the bottle's CA alone in every place where programs look for trust roots",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const { stdout } = await test.sh(
        "cat $SSL_CERT_FILE; find /etc/ssl /etc/pki -type f | xargs grep -l CERTIFICATE | " +
          "xargs md5sum | cut -c1-32 | sort -u | wc -l",
      );
      assert.equal(stdout, `${test.plan.caPem}1\n`);
    },
  },
  {
    name: "shows a read-only mount and refuses to write to it",
    async run(subject) {
      const shared = join(subject.home, "shared");
      await Deno.mkdir(shared, { recursive: true });
      await Deno.chmod(shared, 0o777);
      await Deno.writeTextFile(join(shared, "note"), "seen\n");
      // Outside of bot-bottle's own folder: that one is refused.
      const elsewhere = await Deno.makeTempDir({ prefix: "bottle-mount-" });
      await Deno.chmod(elsewhere, 0o777);
      await Deno.writeTextFile(join(elsewhere, "note"), "seen\n");
      try {
        await using test = await openTestBottle(subject, {
          mounts: [{ from: elsewhere, to: "/mnt/notes" }],
        });
        const result = await test.sh("cat /mnt/notes/note; echo x > /mnt/notes/new");
        assert.equal(result.stdout, "seen\n");
        assert.notEqual(result.code, 0);
        await assert.rejects(
          openTestBottle(subject, { mounts: [{ from: shared, to: "/mnt/x" }] }),
          { code: "bad_mount" },
        );
      } finally {
        await Deno.remove(elsewhere, { recursive: true });
      }
    },
  },
  {
    name: "ends a command when asked: SIGTERM first, then SIGKILL",
    async run(subject) {
      await using test = await openTestBottle(subject);
      for (
        const [script, code] of [["sleep 30", 143], [
          "trap '' TERM; sleep 30 & wait; sleep 30",
          137,
        ]] as const
      ) {
        const stop = new AbortController();
        const start = performance.now();
        const running = test.bottle.exec(["/bin/sh", "-c", `${script}`], {
          inherit: false,
          signal: stop.signal,
        });
        setTimeout(() => stop.abort(), 400);
        const result = await running;
        assert.equal(result.ended, "aborted");
        assert.equal(result.code, code);
        assert.ok(performance.now() - start < 10_000);
      }
    },
  },
  {
    name: "ends what the command left in the background",
    async run(subject) {
      await using test = await openTestBottle(subject);
      await test.sh(
        "(while sleep 0.05; do date >> /workspace/ticks; done) >/dev/null 2>&1 & sleep 0.3",
      );
      const path = join(test.stateDir, "workspace", "ticks");
      const before = Deno.readTextFileSync(path).length;
      assert.ok(before > 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(Deno.readTextFileSync(path).length, before);
    },
  },
  {
    name: "lists a running bottle, not an ended one, and leaves nothing over",
    async run(subject) {
      const test = await openTestBottle(subject);
      const { slug } = test.plan;
      try {
        const running = (await subject.backend.enumerate()).find((one) => one.slug === slug);
        assert.equal(running?.running, true);
        assert.equal(running?.pid, Deno.pid);
        assert.equal((await subject.backend.leftovers()).some((one) => one.slug === slug), false);
        await assert.rejects(subject.backend.launch(test.plan), { code: "bottle_running" });
      } finally {
        await test[Symbol.asyncDispose]();
      }
      assert.equal((await subject.backend.enumerate()).some((one) => one.slug === slug), false);
      assert.equal((await subject.backend.leftovers()).some((one) => one.slug === slug), false);
    },
  },
  {
    name: "copies in and out, and a symbolic link of the agent's leads nowhere",
    async run(subject) {
      await using test = await openTestBottle(subject);
      const folder = await Deno.makeTempDir({ prefix: "bottle-copy-" });
      try {
        await Deno.writeTextFile(`${folder}/in.txt`, "in\n");
        await test.bottle.copyIn(`${folder}/in.txt`, "/workspace/sub/out.txt");
        await test.bottle.copyOut("/workspace/sub/out.txt", `${folder}/back.txt`);
        assert.equal(await Deno.readTextFile(`${folder}/back.txt`), "in\n");
        await Deno.writeTextFile(`${folder}/secret`, "host\n");
        await test.sh(`rm -r /workspace/sub; ln -s ${folder} /workspace/sub`);
        await assert.rejects(
          test.bottle.copyIn(`${folder}/in.txt`, "/workspace/sub/secret"),
          { code: "copy_failed" },
        );
        await assert.rejects(
          test.bottle.copyOut("/workspace/sub/secret", `${folder}/stolen`),
          { code: "copy_failed" },
        );
        assert.equal(await Deno.readTextFile(`${folder}/secret`), "host\n");
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  },
  {
    name: "ends the bottle when it fills the disk beyond its limit",
    async run(subject) {
      await using test = await openTestBottle(subject, { limits: { diskBytes: 8 * 1024 * 1024 } });
      const result = await test.sh(
        "i=0; while [ $i -lt 40 ]; do i=$((i+1)); head -c 1000000 /dev/zero > /workspace/f$i; done; sleep 30",
      );
      assert.equal(result.ended, "disk limit");
      assert.match(result.reason ?? "", /more than the limit of 8 MiB/);
    },
  },
  {
    name: "refuses a file larger than the disk limit at once",
    async run(subject) {
      await using test = await openTestBottle(subject, { limits: { diskBytes: 4 * 1024 * 1024 } });
      const { stdout } = await test.sh(
        "trap '' XFSZ; head -c 9000000 /dev/zero > /workspace/big 2>/dev/null; stat -c %s /workspace/big",
      );
      assert.equal(stdout, `${4 * 1024 * 1024}\n`);
    },
  },
];
