import { createHash } from "node:crypto";
import { isSlug } from "../../core/slug.ts";
import type { ResourceLimits } from "../backend.ts";

/** A version 2 folder that might take a bottle as its child. */
export interface UnifiedFolder {
  readonly path: string;
  readonly writable: boolean;
  /** `cgroup.controllers`. */
  readonly controllers: readonly string[];
  /** `cgroup.subtree_control`. */
  readonly handedDown: readonly string[];
}

/** What this process sees of the machine's cgroups. */
export interface CgroupView {
  /** /proc/self/mountinfo. */
  readonly mountinfo: string;
  /** /proc/self/cgroup. */
  readonly membership: string;
  readonly isRoot: boolean;
  /** Best first: the parent of our own folder, then the root of the hierarchy. */
  readonly unified: readonly UnifiedFolder[];
}

/** Folders to make, files to write in order, and the `cgroup.procs` that the bottle's first process enters. */
export interface CgroupPlan {
  readonly folders: readonly string[];
  readonly writes: readonly {
    readonly file: string;
    readonly value: string;
    readonly must: boolean;
  }[];
  readonly enter: readonly string[];
  readonly limited: { readonly memory: boolean; readonly pids: boolean; readonly cpu: boolean };
}

const PREFIX = "bot-bottle-";

/** What tells the cgroups of one bot-bottle folder from those of another on the same machine. */
function homeMark(home: string): string {
  return createHash("sha256").update(home).digest("hex").slice(0, 8);
}

/** The name of a bottle's cgroups; a slug holds no dot. */
export function cgroupName(home: string, slug: string): string {
  return `${PREFIX}${slug}.${homeMark(home)}`;
}

/** The slug in a cgroup's path, when it is of this folder's bottles; null otherwise. */
export function slugOfCgroup(home: string, path: string): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const slug = name.slice(PREFIX.length, name.lastIndexOf("."));
  return isSlug(slug) && name === cgroupName(home, slug) ? slug : null;
}

interface Hierarchy {
  readonly mount: string;
  readonly root: string;
  readonly controllers: readonly string[];
  readonly writable: boolean;
}

/** The version 1 mounts in /proc/self/mountinfo (proc(5)). */
function hierarchiesOf(mountinfo: string): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const [, , , root, mount, flags] = left?.split(" ") ?? [];
    const [type, , options] = right?.split(" ") ?? [];
    if (root === undefined || mount === undefined || type !== "cgroup") continue;
    const writable = flags?.split(",").includes("rw") ?? false;
    found.push({ mount, root, controllers: options?.split(",") ?? [], writable });
  }
  return found;
}

/** This process's own folder in a hierarchy, or its mount point when that folder is not visible (a container). */
function ownFolder({ controllers, root, mount }: Hierarchy, membership: string): string {
  for (const line of membership.split("\n")) {
    const [, names, ...rest] = line.split(":");
    const path = rest.join(":");
    if (!names || !names.split(",").every((name) => controllers.includes(name))) continue;
    if (root !== "/" && !path.startsWith(root)) return mount;
    const inside = root === "/" ? path : path.slice(root.length);
    return `${mount}${inside === "/" ? "" : inside}`;
  }
  return mount;
}

/** Processes of bot-bottle's own in a bottle (bwrap twice, the first shell, the relay's threads). */
const OWN_PROCESSES = 32;
const PERIOD_MICROSECONDS = 100_000;

/**
 * Where and how a bottle's memory, processes and processor time are limited; rlimits do the rest.
 *
 * Version 1: a folder below our own in each controller, so that limits on us go on to hold. Version 2: a
 * sibling of our own folder (a folder with processes cannot hand controllers down, cgroups(7)), where its
 * parent was delegated to us, or below the root when we are root.
 */
export function cgroupPlan(view: CgroupView, name: string, limits: ResourceLimits): CgroupPlan {
  const folders: string[] = [];
  const writes: { file: string; value: string; must: boolean }[] = [];
  const limited = { memory: false, pids: false, cpu: false };

  for (const hierarchy of view.isRoot ? hierarchiesOf(view.mountinfo) : []) {
    const wanted = versionOneWrites(hierarchy.controllers, limits);
    if (wanted.length === 0 || !hierarchy.writable) continue;
    const folder = `${ownFolder(hierarchy, view.membership)}/${name}`;
    folders.push(folder);
    for (const { controller, file, ...rest } of wanted) {
      writes.push({ file: `${folder}/${file}`, ...rest });
      limited[controller] = true;
    }
  }

  for (const { path, writable, controllers, handedDown } of view.unified) {
    const wanted = versionTwoWrites(controllers, limits)
      .filter(({ controller }) => !limited[controller]);
    if (wanted.length === 0 || !writable) continue;
    const folder = `${path}/${name}`;
    folders.push(folder);
    const missing = new Set(wanted.map(({ controller }) => controller))
      .difference(new Set<string>(handedDown));
    if (missing.size > 0) {
      const value = [...missing].map((controller) => `+${controller}`).join(" ");
      writes.push({ file: `${path}/cgroup.subtree_control`, value, must: true });
    }
    for (const { controller, file, ...rest } of wanted) {
      writes.push({ file: `${folder}/${file}`, ...rest });
      limited[controller] = true;
    }
    break;
  }
  return { folders, writes, enter: folders.map((folder) => `${folder}/cgroup.procs`), limited };
}

interface Write {
  readonly controller: "memory" | "pids" | "cpu";
  readonly file: string;
  readonly value: string;
  /** Whether the limit does not hold without this line. */
  readonly must: boolean;
}

function quotaOf(cpus: number): number {
  return Math.max(1000, Math.round(cpus * PERIOD_MICROSECONDS)); // the kernel's least is 1 ms
}

function versionOneWrites(controllers: readonly string[], limits: ResourceLimits): Write[] {
  const { memoryBytes, pids, cpus } = limits;
  const writes: Write[] = [];
  if (memoryBytes !== undefined) {
    const value = String(memoryBytes);
    writes.push(
      { controller: "memory", file: "memory.limit_in_bytes", value, must: true },
      // Absent without swap accounting.
      { controller: "memory", file: "memory.memsw.limit_in_bytes", value, must: false },
    );
  }
  if (pids !== undefined) {
    const value = String(pids + OWN_PROCESSES);
    writes.push({ controller: "pids", file: "pids.max", value, must: true });
  }
  if (cpus !== undefined) {
    const period = String(PERIOD_MICROSECONDS);
    const quota = String(quotaOf(cpus));
    writes.push(
      { controller: "cpu", file: "cpu.cfs_period_us", value: period, must: false },
      { controller: "cpu", file: "cpu.cfs_quota_us", value: quota, must: true },
    );
  }
  return writes.filter(({ controller }) => controllers.includes(controller));
}

function versionTwoWrites(controllers: readonly string[], limits: ResourceLimits): Write[] {
  const { memoryBytes, pids, cpus } = limits;
  const writes: Write[] = [];
  if (memoryBytes !== undefined) {
    const value = String(memoryBytes);
    writes.push(
      { controller: "memory", file: "memory.max", value, must: true },
      { controller: "memory", file: "memory.swap.max", value: "0", must: false },
    );
  }
  if (pids !== undefined) {
    const value = String(pids + OWN_PROCESSES);
    writes.push({ controller: "pids", file: "pids.max", value, must: true });
  }
  if (cpus !== undefined) {
    const value = `${quotaOf(cpus)} ${PERIOD_MICROSECONDS}`;
    writes.push({ controller: "cpu", file: "cpu.max", value, must: true });
  }
  return writes.filter(({ controller }) => controllers.includes(controller));
}
