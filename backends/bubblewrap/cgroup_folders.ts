import type { ResourceLimits } from "../backend.ts";
import { type CgroupPlan, cgroupPlan, type CgroupView } from "./cgroup.ts";
import type { HostShell } from "./host_shell.ts";

/** Makes the cgroups: folders, one a line; then file, value and whether it must hold. */
const CGROUP_SCRIPT = `
IFS='
'
mkdir -p $1 || exit 1
shift
while [ $# -gt 0 ]; do
  { echo "$2" > "$1"; } 2>/dev/null || [ "$3" = may ] || { echo "cannot write $2 to $1" >&2; exit 1; }
  shift 3
done
`;

const REMOVE_CGROUPS_SCRIPT = `
rmdir "$@" 2>/dev/null && exit
for folder; do
  for turn in 1 2 3 4 5 6 7 8 9 10; do
    [ -d "$folder" ] || break
    rmdir "$folder" 2>/dev/null && break
    while read -r pid; do kill -s KILL "$pid"; done < "$folder/cgroup.procs" 2>/dev/null
    sleep 0.02
  done
  [ ! -d "$folder" ] || exit 1
done
`;

/** Removes cgroups; whatever still runs in them is killed. Whether all are gone. */
export async function removeCgroups(
  shell: HostShell,
  folders: readonly string[],
): Promise<boolean> {
  return folders.length === 0 || (await shell(REMOVE_CGROUPS_SCRIPT, ...folders)).code === 0;
}

/** Makes the cgroups; where that fails the rlimits remain, and nothing is left behind. */
export async function makeCgroups(
  name: string,
  limits: ResourceLimits,
  view: CgroupView,
  shell: HostShell,
): Promise<CgroupPlan> {
  const plan = cgroupPlan(view, name, limits);
  if (plan.folders.length === 0) return plan;
  const writes = plan.writes.flatMap((
    { file, value, must },
  ) => [file, value, must ? "must" : "may"]);
  const { code } = await shell(CGROUP_SCRIPT, plan.folders.join("\n"), ...writes);
  if (code === 0) return plan;
  await removeCgroups(shell, plan.folders);
  const none = { memory: false, pids: false, cpu: false };
  return { folders: [], writes: [], enter: [], limited: none };
}
