import assert from "node:assert/strict";
import { seccompProgram } from "./seccomp.ts";
import { type Architecture, SYSCALLS } from "./syscalls.ts";

interface Call {
  nr: number;
  arch?: number;
  args?: readonly bigint[];
}

/** Interprets the classic BPF that the program uses; returns the seccomp action. */
function verdict(architecture: Architecture, call: Call): string {
  const program = seccompProgram(architecture);
  const view = new DataView(program.buffer);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.nr, true);
  data.setUint32(4, call.arch ?? SYSCALLS[architecture].auditArch, true);
  (call.args ?? []).forEach((value, i) => data.setBigUint64(16 + 8 * i, value, true));
  let accumulator = 0;
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = view.getUint16(pc * 8, true);
    const k = view.getUint32(pc * 8 + 4, true);
    const jump = (taken: boolean) => pc += view.getUint8(pc * 8 + (taken ? 2 : 3));
    if (code === 0x20) accumulator = data.getUint32(k, true);
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else if (code === 0x06) {
      if (k === 0x7fff0000) return "allow";
      if (k === 0x80000000) return "kill";
      return `errno ${k & 0xffff}`;
    } else throw new Error(`unknown instruction ${code} at ${pc}`);
  }
  throw new Error("the program runs off its end");
}

const NEWUSER = 0x10000000n;
const PIDS_AND_NEWUSER = 0x30000000n;

for (const architecture of ["x86_64", "aarch64"] as const) {
  const calls = SYSCALLS[architecture];
  const rows: [string, Call, string][] = [
    ...Object.entries(calls.denied).map(([name, nr]): [string, Call, string] => [
      name,
      { nr },
      "errno 1",
    ]),
    ["clone3, whose flags are out of sight", { nr: calls.clone3 }, "errno 38"],
    ["clone of a thread", { nr: calls.clone, args: [0x3d0f00n] }, "allow"],
    ["clone with a user namespace", { nr: calls.clone, args: [NEWUSER] }, "errno 1"],
    ["clone with two namespaces", { nr: calls.clone, args: [PIDS_AND_NEWUSER] }, "errno 1"],
    ["unshare of a user namespace", { nr: calls.unshare, args: [NEWUSER] }, "errno 1"],
    ["unshare of files", { nr: calls.unshare, args: [0x400n] }, "allow"],
    ["ptrace TRACEME", { nr: calls.ptrace, args: [0n] }, "allow"],
    ["ptrace CONT", { nr: calls.ptrace, args: [7n] }, "allow"],
    ["ptrace ATTACH", { nr: calls.ptrace, args: [16n] }, "errno 1"],
    ["ptrace SEIZE", { nr: calls.ptrace, args: [0x4206n] }, "errno 1"],
    ["ioctl TCGETS", { nr: calls.ioctl, args: [0n, 0x5401n] }, "allow"],
    ["ioctl TIOCSWINSZ", { nr: calls.ioctl, args: [0n, 0x5414n] }, "allow"],
    ["ioctl TIOCSTI", { nr: calls.ioctl, args: [0n, 0x5412n] }, "errno 1"],
    ["ioctl TIOCSTI, high half set", { nr: calls.ioctl, args: [0n, 0x100005412n] }, "errno 1"],
    ["ioctl TIOCLINUX", { nr: calls.ioctl, args: [0n, 0x541cn] }, "errno 1"],
    ["ioctl TIOCLINUX, high half", { nr: calls.ioctl, args: [0n, 0xffffffff0000541cn] }, "errno 1"],
    ["ioctl TIOCSETD", { nr: calls.ioctl, args: [0n, 0x5423n] }, "errno 1"],
    ["socket AF_UNIX", { nr: calls.socket, args: [1n, 1n, 0n] }, "allow"],
    ["socket AF_INET", { nr: calls.socket, args: [2n, 1n, 6n] }, "allow"],
    ["socket AF_INET6", { nr: calls.socket, args: [10n, 1n, 0n] }, "allow"],
    ["socket netlink route", { nr: calls.socket, args: [16n, 3n, 0n] }, "allow"],
    ["socket netlink audit", { nr: calls.socket, args: [16n, 3n, 9n] }, "errno 97"],
    ["socket netlink netfilter", { nr: calls.socket, args: [16n, 3n, 12n] }, "errno 97"],
    ["socket AF_PACKET", { nr: calls.socket, args: [17n, 3n, 0n] }, "errno 97"],
    ["socket AF_ALG", { nr: calls.socket, args: [38n, 5n, 0n] }, "errno 97"],
    ["socket AF_VSOCK", { nr: calls.socket, args: [40n, 1n, 0n] }, "errno 97"],
    ["socket AF_VSOCK, high half", { nr: calls.socket, args: [0x100000028n, 1n, 0n] }, "errno 97"],
    ["socketpair AF_UNIX", { nr: calls.socketpair, args: [1n, 1n, 0n] }, "allow"],
    ["socketpair AF_TIPC", { nr: calls.socketpair, args: [30n, 1n, 0n] }, "errno 97"],
    ["personality query", { nr: calls.personality, args: [0xffffffffn] }, "allow"],
    ["personality no randomisation", { nr: calls.personality, args: [0x40000n] }, "allow"],
    ["personality READ_IMPLIES_EXEC", { nr: calls.personality, args: [0x400000n] }, "errno 1"],
    ["a call newer than the table", { nr: 470 }, "errno 38"],
    ["a call far above the table", { nr: 0xfffffffe }, "errno 38"],
    ["the newest known call", { nr: 469 }, "allow"],
    ["read", { nr: architecture === "x86_64" ? 0 : 63 }, "allow"],
    ["execve", { nr: architecture === "x86_64" ? 59 : 221 }, "allow"],
    ["i386 entry", { nr: 1, arch: 0x40000003 }, "kill"],
    ["arm entry", { nr: 1, arch: 0x40000028 }, "kill"],
  ];
  for (const [what, call, expected] of rows) {
    Deno.test(`seccompProgram() on ${architecture}: ${what} → ${expected}`, () => {
      assert.equal(verdict(architecture, call), expected);
    });
  }
}

Deno.test("seccompProgram() on x86_64 has no x32 call, allowed ones included", () => {
  for (const nr of [0, 59, 101, 520, 547]) {
    assert.equal(verdict("x86_64", { nr: 0x40000000 | nr }), "errno 38");
  }
});

Deno.test("seccompProgram() stays inside the kernel's limits", () => {
  for (const architecture of ["x86_64", "aarch64"] as const) {
    const program = seccompProgram(architecture);
    assert.equal(program.length % 8, 0);
    assert.ok(program.length / 8 < 4096); // BPF_MAXINSNS
  }
});
