import type { CgroupView, UnifiedFolder } from "./cgroup.ts";
import { parseProcessStat, type ProcessId } from "./process_stat.ts";

/** What launch must know about the machine; Deno itself may not read /proc and /sys without every permission. */
export interface Survey {
  /** The host process that asked. */
  readonly self: ProcessId;
  readonly kernel: string;
  readonly memoryBytes: number;
  /** Whether `env --default-signal` works here. */
  readonly resetsSignals: boolean;
  /** The host's own addresses besides loopback. */
  readonly addresses: readonly string[];
  readonly cgroups: CgroupView;
}

/** Prints the parts of a survey, each after a line of its own. */
export const SURVEY_SCRIPT = `
exec 2>/dev/null
part() { echo "== $1"; }
part self; read -r line < "/proc/$PPID/stat"; echo "$line"
part kernel; read -r line < /proc/sys/kernel/osrelease; echo "$line"
part memory; read -r _ kib _ < /proc/meminfo; echo "$kib"
part reset; /usr/bin/env --default-signal=INT true 2>/dev/null && echo yes
part ipv4; previous=; while read -r line; do
  case $line in "/32 host LOCAL"*) echo "\${previous##* }" ;; esac; previous=$line
done < /proc/net/fib_trie
part ipv6; while read -r address _ _ scope _; do
  [ "$scope" = 10 ] || echo "$address"
done < /proc/net/if_inet6
part membership; own=; while read -r line; do
  echo "$line"; case $line in 0::*) own=\${line#0::} ;; esac
done < /proc/self/cgroup
part mountinfo; unified=; while read -r line; do
  case $line in
    *" - cgroup2 "*) set -f; set -- $line; set +f; unified=$5; [ "$4" = / ] || own=/ ;;
    *" - cgroup "*) echo "$line" ;;
  esac
done < /proc/self/mountinfo
part unified
for folder in \${unified:+"$unified\${own%/*}" "$unified"}; do
  [ -w "$folder/cgroup.procs" ] && echo "writable $folder" || echo "readable $folder"
  { read -r line < "$folder/cgroup.controllers"; echo "$line"; } 2>/dev/null || echo
  { line=; read -r line < "$folder/cgroup.subtree_control"; echo "$line"; } 2>/dev/null || echo
done
`;

/** Parses what {@linkcode SURVEY_SCRIPT} printed; null when the machine showed no process table. */
export function parseSurvey(text: string, isRoot: boolean): Survey | null {
  const parts = new Map<string, string>();
  for (const chunk of `\n${text}`.split("\n== ").slice(1)) {
    const end = chunk.indexOf("\n");
    parts.set(chunk.slice(0, end), chunk.slice(end + 1));
  }
  const part = (name: string) => parts.get(name) ?? "";
  const self = parseProcessStat(part("self"));
  if (self === null) return null;
  return {
    self,
    kernel: part("kernel").trim(),
    memoryBytes: Number(part("memory").trim()) * 1024,
    resetsSignals: part("reset").trim() === "yes",
    addresses: [...new Set([...ipv4(part("ipv4")), ...ipv6(part("ipv6"))])],
    cgroups: {
      mountinfo: part("mountinfo"),
      membership: part("membership"),
      isRoot,
      unified: unifiedFolders(part("unified")),
    },
  };
}

/** Local addresses of /proc/net/fib_trie without 127.0.0.0/8. */
function ipv4(text: string): string[] {
  return text.split("\n").filter((line) => /^[\d.]+$/.test(line) && !line.startsWith("127."));
}

/** Addresses of /proc/net/if_inet6 (32 hexadecimal digits) in colon form. */
function ipv6(text: string): string[] {
  return text.split("\n").filter((line) => /^[0-9a-f]{32}$/.test(line))
    .map((line) => line.match(/.{4}/g)!.join(":"));
}

function unifiedFolders(text: string): UnifiedFolder[] {
  const lines = text.split("\n");
  const folders: UnifiedFolder[] = [];
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [, access, path] = /^(writable|readable) (.+)$/.exec(lines[i]!) ?? [];
    if (path === undefined || folders.some((folder) => folder.path === path)) continue;
    folders.push({
      path,
      writable: access === "writable",
      controllers: lines[i + 1]!.split(" ").filter(Boolean),
      handedDown: lines[i + 2]!.split(" ").filter(Boolean),
    });
  }
  return folders;
}

/** Whether this kernel counts RLIMIT_NPROC per user namespace (5.14): before, it would count all of the user's processes. */
export function countsProcessesPerNamespace(kernel: string): boolean {
  const [major, minor] = kernel.split(/[.-]/).map(Number);
  return (major ?? 0) > 5 || (major === 5 && (minor ?? 0) >= 14);
}
