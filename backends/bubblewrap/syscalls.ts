/** A processor architecture that a bottle's programs may use. */
export type Architecture = "x86_64" | "aarch64";

/** System calls that no coding agent needs, and those that are allowed for some arguments only. */
export interface SyscallNumbers {
  /** AUDIT_ARCH_* of `linux/audit.h`. */
  readonly auditArch: number;
  /** Denied whatever the arguments. */
  readonly denied: Readonly<Record<string, number>>;
  readonly clone: number;
  readonly clone3: number;
  readonly unshare: number;
  readonly ptrace: number;
  readonly ioctl: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly personality: number;
}

/** Numbers that every architecture shares since Linux 5.1 (`include/uapi/asm-generic/unistd.h`). */
const SHARED = {
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  mount_setattr: 442,
  quotactl_fd: 443,
  open_tree_attr: 467,
};

/** The highest number that was known when the table was made (`file_setattr`, Linux 6.17): later ones do not exist in a bottle. */
export const HIGHEST_KNOWN_SYSCALL = 469;

export const SYSCALLS: Readonly<Record<Architecture, SyscallNumbers>> = {
  // arch/x86/entry/syscalls/syscall_64.tbl
  x86_64: {
    auditArch: 0xc000003e,
    denied: {
      ...SHARED,
      syslog: 103,
      uselib: 134,
      vhangup: 153,
      modify_ldt: 154,
      pivot_root: 155,
      _sysctl: 156,
      adjtimex: 159,
      chroot: 161,
      acct: 163,
      settimeofday: 164,
      mount: 165,
      umount2: 166,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      iopl: 172,
      ioperm: 173,
      create_module: 174,
      init_module: 175,
      delete_module: 176,
      get_kernel_syms: 177,
      query_module: 178,
      quotactl: 179,
      nfsservctl: 180,
      lookup_dcookie: 212,
      clock_settime: 227,
      kexec_load: 246,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      perf_event_open: 298,
      open_by_handle_at: 304,
      clock_adjtime: 305,
      setns: 308,
      process_vm_readv: 310,
      process_vm_writev: 311,
      kcmp: 312,
      finit_module: 313,
      kexec_file_load: 320,
      bpf: 321,
      userfaultfd: 323,
    },
    clone: 56,
    clone3: 435,
    unshare: 272,
    ptrace: 101,
    ioctl: 16,
    socket: 41,
    socketpair: 53,
    personality: 135,
  },
  // include/uapi/asm-generic/unistd.h
  aarch64: {
    auditArch: 0xc00000b7,
    denied: {
      ...SHARED,
      lookup_dcookie: 18,
      umount2: 39,
      mount: 40,
      pivot_root: 41,
      nfsservctl: 42,
      chroot: 51,
      vhangup: 58,
      quotactl: 60,
      acct: 89,
      kexec_load: 104,
      init_module: 105,
      delete_module: 106,
      clock_settime: 112,
      syslog: 116,
      reboot: 142,
      settimeofday: 170,
      adjtimex: 171,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      swapon: 224,
      swapoff: 225,
      perf_event_open: 241,
      open_by_handle_at: 265,
      clock_adjtime: 266,
      setns: 268,
      process_vm_readv: 270,
      process_vm_writev: 271,
      kcmp: 272,
      finit_module: 273,
      bpf: 280,
      userfaultfd: 282,
      kexec_file_load: 294,
    },
    clone: 220,
    clone3: 435,
    unshare: 97,
    ptrace: 117,
    ioctl: 29,
    socket: 198,
    socketpair: 199,
    personality: 92,
  },
};
