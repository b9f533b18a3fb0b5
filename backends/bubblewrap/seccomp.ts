import { type Architecture, HIGHEST_KNOWN_SYSCALL, SYSCALLS } from "./syscalls.ts";

/** One `struct sock_filter` of `linux/filter.h`. */
interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

// linux/bpf_common.h, linux/seccomp.h
const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

// struct seccomp_data: int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6]
const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
/** The low half of an argument: flags, domains and requests are ints, and the kernel drops the high half (CVE-2017-5226). */
const argument = (index: number) => 16 + 8 * index;

const X32_BIT = 0x40000000;
const CLONE_NEWUSER = 0x10000000;
const PTRACE_ATTACH = 16;
const PTRACE_SEIZE = 0x4206;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

/** Requests that push input into a terminal, rewrite its keys or load a line discipline (`asm-generic/ioctls.h`, `linux/kd.h`). */
const DENIED_IOCTLS = [
  0x5412, // TIOCSTI
  0x541c, // TIOCLINUX
  0x5423, // TIOCSETD
  0x4b47, // KDSKBENT
  0x4b49, // KDSKBSENT
];

/** Execution domains that change nothing about security: PER_LINUX, PER_LINUX32, UNAME26, no randomisation (debuggers), query. */
const ALLOWED_PERSONALITIES = [0, 0x8, 0x20000, 0x20008, 0x40000, 0x40008, 0xffffffff];

const load = (offset: number): Instruction => ({
  code: LOAD_WORD,
  jumpTrue: 0,
  jumpFalse: 0,
  k: offset,
});
const answer = (k: number): Instruction => ({ code: RETURN, jumpTrue: 0, jumpFalse: 0, k });
const deny = (errno: number) => answer(ERRNO | errno);

/** Runs `body` when the loaded word passes the test, otherwise goes on after it. */
function when(code: number, k: number, body: readonly Instruction[]): Instruction[] {
  return [{ code, jumpTrue: 0, jumpFalse: body.length, k }, ...body];
}

function unless(code: number, k: number, body: readonly Instruction[]): Instruction[] {
  return [{ code, jumpTrue: body.length, jumpFalse: 0, k }, ...body];
}

/** Answers one of the calls whose arguments decide; `body` must answer or fall to the allow at its end. */
function onCall(number: number, body: readonly Instruction[]): Instruction[] {
  return when(JUMP_EQUAL, number, [...body, answer(ALLOW)]);
}

function instructions(architecture: Architecture): Instruction[] {
  const calls = SYSCALLS[architecture];
  const denyEach = (values: readonly number[]) =>
    values.flatMap((value) => when(JUMP_EQUAL, value, [deny(EPERM)]));
  const allowEach = (values: readonly number[]) =>
    values.flatMap((value) => when(JUMP_EQUAL, value, [answer(ALLOW)]));
  return [
    load(OFFSET_ARCH),
    ...unless(JUMP_EQUAL, calls.auditArch, [answer(KILL_PROCESS)]),
    load(OFFSET_NUMBER),
    // x32 numbers carry bit 30 and reach the same kernel code (CVE-2014-4508); none is above the highest known.
    ...(architecture === "x86_64" ? when(JUMP_ANY_BIT, X32_BIT, [deny(ENOSYS)]) : []),
    ...when(JUMP_GREATER, HIGHEST_KNOWN_SYSCALL, [deny(ENOSYS)]),
    // Its flags are in memory, where a filter cannot look: "not there" makes libc fall back to clone.
    ...when(JUMP_EQUAL, calls.clone3, [deny(ENOSYS)]),
    ...onCall(calls.clone, [
      load(argument(0)),
      ...when(JUMP_ANY_BIT, CLONE_NEWUSER, [deny(EPERM)]),
    ]),
    ...onCall(calls.unshare, [
      load(argument(0)),
      ...when(JUMP_ANY_BIT, CLONE_NEWUSER, [deny(EPERM)]),
    ]),
    ...onCall(calls.ptrace, [load(argument(0)), ...denyEach([PTRACE_ATTACH, PTRACE_SEIZE])]),
    ...onCall(calls.ioctl, [load(argument(1)), ...denyEach(DENIED_IOCTLS)]),
    ...onCall(calls.personality, [
      load(argument(0)),
      ...allowEach(ALLOWED_PERSONALITIES),
      deny(EPERM),
    ]),
    ...onCall(calls.socket, [
      load(argument(0)),
      ...allowEach([AF_UNIX, AF_INET, AF_INET6]),
      ...unless(JUMP_EQUAL, AF_NETLINK, [deny(EAFNOSUPPORT)]),
      load(argument(2)),
      ...unless(JUMP_EQUAL, NETLINK_ROUTE, [deny(EAFNOSUPPORT)]),
    ]),
    ...onCall(calls.socketpair, [
      load(argument(0)),
      ...unless(JUMP_EQUAL, AF_UNIX, [deny(EAFNOSUPPORT)]),
    ]),
    ...Object.values(calls.denied).flatMap((number) => when(JUMP_EQUAL, number, [deny(EPERM)])),
    answer(ALLOW),
  ];
}

/**
 * The seccomp program of a bottle, as the array of `struct sock_filter` that `bwrap --seccomp` reads.
 *
 * Calls are allowed unless listed; foreign architectures end the process, x32 and calls newer than the
 * table do not exist (seccomp(2)).
 */
export function seccompProgram(architecture: Architecture): Uint8Array {
  const program = instructions(architecture);
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jumpTrue, jumpFalse, k }, index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jumpTrue);
    view.setUint8(index * 8 + 3, jumpFalse);
    view.setUint32(index * 8 + 4, k, true);
  });
  return bytes;
}
