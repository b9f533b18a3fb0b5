/**
 * Attacks on files and on the policy (E7, E8, E10, E11), and the plain ones that every sandbox must stand.
 *
 * Not here, because they are not about Linux namespaces: E1 to E3 (Apple container), E4 (smolvm), E5 (docker),
 * E12 (a repository's file that runs before a VM does: nothing of the workspace runs on the host).
 * Case-insensitive paths (half of E8) need a case-insensitive file system; the walls compare no paths with the agent's.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { bubblewrapTest } from "./sandbox_fixture.ts";
import { mountBind } from "../../backends/bubblewrap/mounts.ts";

bubblewrapTest(
  "E11 the agent cannot read or write policy, records or the walls' own files",
  async (test, home) => {
    const config = join(test.stateDir, "sidecar", "config");
    await Deno.mkdir(config, { recursive: true });
    await Deno.writeTextFile(join(config, "routes.yaml"), "routes: []\n");
    const { stdout } = await test.sh(`
    for target in ${config}/routes.yaml ${home}/settings.yml ${test.stateDir}/run.json; do
      cat "$target" && echo read; mkdir -p "$(dirname "$target")"; echo x >> "$target"
    done 2>/dev/null
    for own in /opt/bot-bottle/*; do
      (echo x >> "$own") 2>/dev/null && echo "wrote $own"
      rm -rf "$own" 2>/dev/null && echo "removed $own"
      mv "$own" /tmp/ 2>/dev/null && echo "moved $own"
    done
    find / -name routes.yaml -not -path '/proc/*' -not -path '/tmp/*' 2>/dev/null; :`);
    assert.equal(stdout, "");
    assert.equal(await Deno.readTextFile(join(config, "routes.yaml")), "routes: []\n");
  },
);

bubblewrapTest(
  "E11 configuration that a host tool would trust is not writable from a bottle",
  async (test) => {
    const { stdout } = await test.sh(`
    for target in /etc/gitconfig /etc/profile /etc/ld.so.preload /etc/passwd /etc/hosts /etc/resolv.conf \\
      /usr/bin/git /usr/local/bin/x /usr/lib/x.so /bin/sh /lib/x /opt/x /x; do
      (echo x >> "$target") 2>/dev/null && echo "wrote $target"
    done; :`);
    assert.equal(stdout, "");
  },
);

bubblewrapTest(
  "E7 a symbolic link in the workspace that the host follows later leads no bind astray",
  async (test) => {
    const outside = await Deno.makeTempDir({ prefix: "bottle-outside-" });
    try {
      await Deno.writeTextFile(join(outside, "kept"), "host\n");
      // The agent replaces what a next launch would use: its own folders are mount points and stay.
      const { stdout } = await test.sh(`
      cd /; rm -rf /workspace /home/agent 2>/dev/null; mv /workspace /tmp/w 2>/dev/null && echo moved
      ln -s ${outside} /workspace/link; ln -s ${outside} /home/agent/.config; cat /workspace/link/kept 2>/dev/null; :`);
      assert.equal(stdout, "");
      const second = await test.sh(
        "cat /workspace/link/kept ~/.config/kept; echo x > ~/.config/new",
      );
      assert.equal(second.stdout, "");
      assert.deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name), ["kept"]);
    } finally {
      await Deno.remove(outside, { recursive: true });
    }
  },
);

bubblewrapTest(
  "E7 a hard link to a host file cannot be made, and paths that are absent stay absent",
  async (test) => {
    const { stdout } = await test.sh(`
    ln /usr/bin/env /tmp/env 2>/dev/null && echo linked
    ln /etc/passwd /workspace/passwd 2>/dev/null && echo linked
    ln /opt/bot-bottle/sockets/egress.sock /tmp/s 2>/dev/null && echo linked
    mkdir -p /run/user /sys/fs /root /var/run /var/lib/x 2>/dev/null && echo made
    mkdir /home/other 2>/dev/null && echo made; :`);
    assert.equal(stdout, "");
  },
);

bubblewrapTest(
  "E8 /proc/PID/root and cwd of every process lead into the bottle alone",
  async (test) => {
    const marker = join(await Deno.makeTempDir({ prefix: "bottle-marker-" }), "marker");
    await Deno.writeTextFile(marker, "host\n");
    try {
      assert.equal(await Deno.readTextFile(`/proc/self/root${marker}`), "host\n"); // the control
      const { stdout } = await test.sh(`
      for pid in /proc/[0-9]* /proc/self /proc/thread-self; do
        cat $pid/root${marker} $pid/cwd/../../../../../..${marker} 2>/dev/null
        for fd in $pid/fd/*; do cat $fd${marker} $fd/..${marker} 2>/dev/null; done
      done; :`);
      assert.equal(stdout, "");
    } finally {
      await Deno.remove(dirname(marker), { recursive: true });
    }
  },
);

bubblewrapTest("E8 a mount is judged by where its source really is", async (test, home) => {
  const link = join(test.stateDir, "innocent");
  await Deno.symlink(join(home, "state"), link);
  const source = { realPath: await Deno.realPath(link), kind: "folder" as const };
  assert.throws(() => mountBind({ from: link, to: "/mnt/x" }, source, "/home/ada", home), {
    code: "bad_mount",
  });
});

Deno.test("E8 mounts of secrets, sockets, the host's own folders and walls are refused", () => {
  const folder = (realPath: string) => ({ realPath, kind: "folder" as const });
  const rows: [string, string][] = [
    ["/", "/mnt/x"],
    ["/home", "/mnt/x"],
    ["/home/ada", "/mnt/x"],
    ["/home/ada/.ssh", "/mnt/x"],
    ["/home/ada/.aws/sso", "/mnt/x"],
    ["/home/ada/.pi/agent", "/opt/pi"],
    ["/home/ada/.codex/auth.json", "/mnt/x"],
    ["/home/ada/.claude", "/mnt/x"],
    ["/home/ada/.config", "/mnt/x"],
    ["/srv/backup/.config/gh", "/mnt/x"],
    ["/home/ada/.bot-bottle/state", "/mnt/x"],
    ["/proc", "/mnt/x"],
    ["/run/docker", "/mnt/x"],
    ["/dev", "/mnt/x"],
    ["/srv/data", "/usr/share"],
    ["/srv/data", "/etc"],
    ["/srv/data", "/proc/x"],
    ["/srv/data", "/opt/bot-bottle/deno"],
    ["/srv/data", "/"],
    ["/srv/data", "relative"],
    ["/srv/data", "/mnt/../etc"],
    ["/srv/data", "/mnt/./x"],
    ["/srv/data", "/lib64"],
  ];
  for (const [from, to] of rows) {
    const judge = () => mountBind({ from, to }, folder(from), "/home/ada", "/home/ada/.bot-bottle");
    assert.throws(judge, { code: "bad_mount" }, `${from} at ${to}`);
  }
  const socket = { realPath: "/srv/x.sock", kind: "other" as const };
  assert.throws(() => mountBind({ from: "/srv/x.sock", to: "/mnt/x" }, socket, "/home/ada", "/x"));
  const good = mountBind(
    { from: "/srv/data", to: "/mnt/data" },
    folder("/srv/data"),
    "/home/ada",
    "/x",
  );
  assert.deepEqual(good, { from: "/srv/data", to: "/mnt/data", writable: false });
});

bubblewrapTest(
  "E10 no helper of the desktop answers: no display, bus, agent or clipboard",
  async (test) => {
    const { stdout } = await test.sh(`
    env | grep -E '^(DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK|GPG_AGENT_INFO|BROWSER|XDG_RUNTIME_DIR)='
    ls -d /tmp/.X11-unix /tmp/.ICE-unix /run /var/run 2>/dev/null
    cat /proc/net/unix | tail -n +2 | grep -v egress.sock | grep -E ' (/|@)'; :`);
    assert.equal(stdout, "");
  },
);

/** Kernel switches that would reach the host. */
const KERNEL_FILES = [
  "/proc/sys/kernel/core_pattern",
  "/proc/sys/kernel/modprobe",
  "/proc/sys/kernel/hostname",
  "/proc/sys/vm/panic_on_oom",
  "/proc/sys/net/ipv4/ip_forward",
  "/proc/sys/user/max_user_namespaces",
  "/proc/sysrq-trigger",
  "/proc/irq/default_smp_affinity",
  "/proc/self/uid_map",
  "/proc/1/oom_score_adj",
];

bubblewrapTest("plain: nothing of the kernel can be switched through /proc", async (test) => {
  const before = await Deno.readTextFile("/proc/sys/kernel/core_pattern");
  const { stdout } = await test.sh(
    KERNEL_FILES.map((path) =>
      `(cat ${path} > /tmp/v; cat /tmp/v > ${path}) 2>/dev/null && echo "wrote ${path}"; ` +
      `(echo '|/tmp/x' > ${path}) 2>/dev/null && echo "set ${path}"`
    ).join("\n") + "\n:",
  );
  assert.equal(stdout.replaceAll(/.*oom_score_adj\n/g, ""), "");
  assert.equal(await Deno.readTextFile("/proc/sys/kernel/core_pattern"), before);
});

bubblewrapTest("plain: files of the kernel that tell about the host are covered", async (test) => {
  const { stdout } = await test.sh(`
    for name in kcore kallsyms keys key-users timer_list slabinfo vmallocinfo kmsg sysrq-trigger kpageflags; do
      head -c 1 /proc/$name 2>/dev/null | grep -q . && echo "read $name"
    done
    for name in acpi scsi bus irq fs driver asound; do ls -A /proc/$name 2>/dev/null; done
    ls -A /sys 2>/dev/null; dmesg 2>/dev/null | head -1; :`);
  assert.equal(stdout, "");
});

bubblewrapTest("plain: devices are the harmless ones, and none can be made", async (test) => {
  const { stdout } = await test.sh(
    "cd /dev; for f in *; do [ -L $f ] && continue; [ -c $f ] && echo $f; [ -b $f ] && echo block $f; done; " +
      "mknod /tmp/sda b 8 0 2>/dev/null && echo made; mknod /tmp/mem c 1 1 2>/dev/null && echo made; :",
  );
  assert.deepEqual(
    stdout.trim().split("\n").filter((name) =>
      !/^(full|null|ptmx|random|tty|urandom|zero|console)$/.test(name)
    ),
    [],
  );
});
