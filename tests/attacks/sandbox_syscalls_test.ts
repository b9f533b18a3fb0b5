/** Attacks by system calls (E6, E9) with the same calls outside of the bottle as the control where they work there. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import { SYSCALLS } from "../../backends/bubblewrap/syscalls.ts";
import { bubblewrapTest } from "./sandbox_fixture.ts";

const calls = SYSCALLS[Deno.build.arch as "x86_64" | "aarch64"];
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Each row: what, the call's number, its arguments (perl), and the error in a bottle. */
const ROWS: readonly (readonly [string, number, string, number])[] = [
  ["unshare(CLONE_NEWUSER)", calls.unshare, "0x10000000", EPERM],
  ["unshare(CLONE_NEWUSER|CLONE_NEWNET)", calls.unshare, "0x50000000", EPERM],
  ["clone(CLONE_NEWUSER)", calls.clone, "0x10000011, 0, 0, 0, 0", EPERM],
  ["clone3", calls.clone3, "0, 0", ENOSYS],
  ["setns", calls.denied.setns!, "0, 0", EPERM],
  ["mount", calls.denied.mount!, "0, 0, 0, 0, 0", EPERM],
  ["fsopen", calls.denied.fsopen!, "0, 0", EPERM],
  ["move_mount", calls.denied.move_mount!, "0, 0, 0, 0, 0", EPERM],
  ["open_tree", calls.denied.open_tree!, "0, 0, 0", EPERM],
  ["mount_setattr", calls.denied.mount_setattr!, "0, 0, 0, 0, 0", EPERM],
  ["pivot_root", calls.denied.pivot_root!, "0, 0", EPERM],
  ["chroot", calls.denied.chroot!, "0", EPERM],
  ["ptrace(ATTACH)", calls.ptrace, "16, 1, 0, 0", EPERM],
  ["ptrace(SEIZE)", calls.ptrace, "0x4206, 1, 0, 0", EPERM],
  ["process_vm_readv", calls.denied.process_vm_readv!, "1, 0, 0, 0, 0, 0", EPERM],
  ["process_vm_writev", calls.denied.process_vm_writev!, "1, 0, 0, 0, 0, 0", EPERM],
  ["pidfd_getfd", calls.denied.pidfd_getfd!, "0, 0, 0", EPERM],
  ["keyctl", calls.denied.keyctl!, "0, -3, 0, 0, 0", EPERM],
  ["add_key", calls.denied.add_key!, "0, 0, 0, 0, 0", EPERM],
  ["request_key", calls.denied.request_key!, "0, 0, 0, 0", EPERM],
  ["bpf", calls.denied.bpf!, "0, 0, 0", EPERM],
  ["io_uring_setup", calls.denied.io_uring_setup!, "0, 0", EPERM],
  ["io_uring_enter", calls.denied.io_uring_enter!, "0, 0, 0, 0, 0, 0", EPERM],
  ["userfaultfd", calls.denied.userfaultfd!, "0", EPERM],
  ["perf_event_open", calls.denied.perf_event_open!, "0, 0, 0, 0, 0", EPERM],
  ["kexec_load", calls.denied.kexec_load!, "0, 0, 0, 0", EPERM],
  ["init_module", calls.denied.init_module!, "0, 0, 0", EPERM],
  ["reboot", calls.denied.reboot!, "0, 0, 0, 0", EPERM],
  ["swapon", calls.denied.swapon!, "0, 0", EPERM],
  ["acct", calls.denied.acct!, "0", EPERM],
  ["syslog", calls.denied.syslog!, "10, 0, 0", EPERM],
  ["open_by_handle_at", calls.denied.open_by_handle_at!, "0, 0, 0", EPERM],
  ["personality(READ_IMPLIES_EXEC)", calls.personality, "0x0400000", EPERM],
  ["socket(AF_VSOCK)", calls.socket, "40, 1, 0", EAFNOSUPPORT],
  ["socket(AF_ALG)", calls.socket, "38, 5, 0", EAFNOSUPPORT],
  ["socket(AF_PACKET)", calls.socket, "17, 3, 0", EAFNOSUPPORT],
  ["socket(AF_NETLINK, NETLINK_NETFILTER)", calls.socket, "16, 3, 12", EAFNOSUPPORT],
  ["socket(AF_NETLINK, NETLINK_KOBJECT_UEVENT)", calls.socket, "16, 3, 15", EAFNOSUPPORT],
  ["a call of the future", 470, "0, 0", ENOSYS],
];

const PERL_ROWS = `use warnings; for my $row (split /;/, $ARGV[0]) {
  my ($nr, @args) = map { s/\\s//g; /^0x/ ? hex($_) : int($_) } split /,/, $row;
  $! = 0; my $r = syscall($nr, @args); print $r == -1 ? $! + 0 : "ok", "\\n"; }`;

bubblewrapTest(
  "E9 calls that a coding agent never needs are refused by the filter",
  async (test) => {
    const rows = ROWS.map(([, nr, args]) => `${nr}, ${args}`).join(";");
    const { stdout, stderr } = await test.bottle.exec(["perl", "-e", PERL_ROWS, rows], {
      inherit: false,
    });
    const found = stdout.trim().split("\n");
    assert.deepEqual(
      ROWS.map(([what], i) => `${what}: ${found[i]}`),
      ROWS.map(([what, , , errno]) => `${what}: ${errno}`),
      stderr,
    );
  },
);

Deno.test("E9 control: outside of a bottle the kernel, not a filter, answers those calls", async () => {
  // Null pointers and odd arguments are what it complains of; AF_ALG and netlink simply work.
  const rows = ROWS.filter(([what]) => /NETLINK|clone3|personality/.test(what));
  const args = rows.map(([, nr, list]) => `${nr}, ${list.replace("0x0400000", "0xffffffff")}`);
  const { stdout } = await new Deno.Command("perl", { args: ["-e", PERL_ROWS, args.join(";")] })
    .output();
  const found = new TextDecoder().decode(stdout).trim().split("\n");
  rows.forEach(([what, , , errno], i) => {
    assert.notEqual(`${what} ${found[i]}`, `${what} ${errno}`);
  });
});

bubblewrapTest("E9 nothing that a bottle runs can make a namespace", async (test) => {
  const { stdout } = await test.sh(
    "unshare -U true 2>/dev/null; echo $?; unshare -n true 2>/dev/null; echo $?; unshare -rm true 2>/dev/null; echo $?; " +
      "bwrap --unshare-user --ro-bind / / true 2>/dev/null; echo $?",
  );
  assert.equal(stdout.trim().split("\n").filter((line) => line === "0").length, 0);
});

if (Deno.build.arch === "x86_64") {
  bubblewrapTest("E9 x32 calls do not exist", async (test) => {
    const x32 = 0x40000000;
    const rows = [39, 41, 520, 521].map((nr) => `${x32 | nr}, 0, 0, 0`).join(";");
    const { stdout } = await test.bottle.exec(["perl", "-e", PERL_ROWS, rows], { inherit: false });
    assert.equal(stdout, "38\n38\n38\n38\n");
  });

  /** A 64-bit program that makes the 32-bit call exit(42) by int 0x80. */
  const legacyCall = () => {
    const code = [0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80];
    const bytes = new Uint8Array(120 + code.length);
    const view = new DataView(bytes.buffer);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(16, 2, true); // ET_EXEC
    view.setUint16(18, 62, true); // EM_X86_64
    view.setUint32(20, 1, true);
    view.setBigUint64(24, 0x400078n, true); // entry
    view.setBigUint64(32, 64n, true); // program headers
    view.setUint16(52, 64, true);
    view.setUint16(54, 56, true);
    view.setUint16(56, 1, true);
    view.setUint32(64, 1, true); // PT_LOAD
    view.setUint32(68, 5, true);
    view.setBigUint64(80, 0x400000n, true);
    view.setBigUint64(88, 0x400000n, true);
    view.setBigUint64(96, BigInt(bytes.length), true);
    view.setBigUint64(104, BigInt(bytes.length), true);
    view.setBigUint64(112, 0x1000n, true);
    bytes.set(code, 120);
    return bytes;
  };

  bubblewrapTest("E9 a program that uses the 32-bit entry is killed", async (test) => {
    const path = join(test.stateDir, "workspace", "legacy");
    await Deno.writeFile(path, legacyCall(), { mode: 0o755 });
    await Deno.chmod(path, 0o755);
    const control = await new Deno.Command(path).output();
    const { code } = await test.sh("/workspace/legacy");
    assert.equal(code, 128 + 31); // SIGSYS
    // Kernels without the 32-bit entry end it with SIGSEGV: still not by our filter.
    assert.ok(control.code === 42 || control.signal === "SIGSEGV");
  });
}

bubblewrapTest("E9 sendmsg over a unix socket reaches no process outside", async (test) => {
  const { stdout } = await test.bottle.exec([
    "perl",
    "-e",
    `use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0);
     for my $path ("/run/systemd/journal/socket", "/dev/log", "/var/run/docker.sock", "/run/dbus/system_bus_socket") {
       print send($s, "x", 0, pack("S a*", 1, $path)) ? "sent" : "refused", "\\n"; }`,
  ], { inherit: false });
  assert.equal(stdout, "refused\n".repeat(4));
});

bubblewrapTest("E9 the loader runs no program that the mount forbids", async (test) => {
  // /workspace may execute (builds need it); what ld.so must not do is gain anything.
  const { stdout } = await test.sh(
    "for ld in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do [ -e $ld ] && $ld /usr/bin/id -u; done; " +
      "find / -xdev -perm /6000 -type f 2>/dev/null | head -1 | while read f; do $f --version >/dev/null 2>&1; grep CapEff /proc/self/status; done",
  );
  assert.match(stdout, /^1000\n/);
  assert.doesNotMatch(stdout, /CapEff:\s+0*[1-9a-f]/);
});

bubblewrapTest("E6 input cannot be pushed into the caller's terminal", async (test) => {
  const script = `open(my $t, "+<", "/dev/ptmx") or die "ptmx: $!";
    for my $request (0x5412, 0x100005412 & 0xffffffff, 0x541c, 0x5423) {
      my $c = "x"; $! = 0; my $r = ioctl($t, $request, $c); print defined $r ? "ok" : $! + 0, "\\n"; }`;
  const { stdout } = await test.bottle.exec(["perl", "-e", script], { inherit: false });
  assert.equal(stdout, `${EPERM}\n`.repeat(4));
});

bubblewrapTest("E6 a mount below a folder that the agent can write is refused", async (test) => {
  // bwrap before 0.12 follows a symbolic link in the parent of a target (CVE-2026-87766).
  for (const to of ["/workspace/x", "/home/agent/.cache", "/tmp/y", "/workspace/../etc"]) {
    const backend = new BubblewrapBackend({ home: test.stateDir, operatorHome: "/home" });
    const plan = { ...test.plan, slug: "other", stateDir: join(test.stateDir, "state", "other") };
    await assert.rejects(
      backend.launch({ ...plan, mounts: [{ from: "/usr/share", to }] }),
      { code: "bad_mount" },
    );
  }
});

bubblewrapTest("E6 a setuid or replaceable bwrap is not trusted", async (test) => {
  for (const [mode, reason] of [[0o4755, /setuid/], [0o777, /replaced/]] as const) {
    const bwrap = join(test.stateDir, `bwrap-${mode.toString(8)}`);
    await Deno.copyFile("/usr/bin/bwrap", bwrap);
    await Deno.chmod(bwrap, mode);
    const backend = new BubblewrapBackend({ home: test.stateDir, bwrap });
    const found = await backend.available();
    assert.equal(found.ok, false);
    assert.match(found.reason ?? "", reason);
    await assert.rejects(backend.launch(test.plan), { code: "backend_unavailable" });
  }
});
