import assert from "node:assert/strict";
import { cgroupName, cgroupPlan, type CgroupView, slugOfCgroup } from "./cgroup.ts";

const VERSION_ONE = `
34 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:32 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
37 31 0:33 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
38 31 0:34 / /proc rw - proc proc rw`;
const MEMBERSHIP = "3:memory:/outer\n2:cpu,cpuacct:/\n1:pids:/user/x\n0::/user.slice/own.scope";

const view = (some: Partial<CgroupView>): CgroupView => ({
  mountinfo: "",
  membership: MEMBERSHIP,
  isRoot: true,
  unified: [],
  ...some,
});
const LIMITS = { memoryBytes: 1000, pids: 10, cpus: 1.5 };

Deno.test("cgroupPlan() on version 1 goes below our own folder in each controller", () => {
  const plan = cgroupPlan(view({ mountinfo: VERSION_ONE }), "bot-bottle-demo", LIMITS);
  assert.deepEqual(plan.folders, [
    "/sys/fs/cgroup/cpu,cpuacct/bot-bottle-demo",
    "/sys/fs/cgroup/memory/outer/bot-bottle-demo",
    "/sys/fs/cgroup/pids/user/x/bot-bottle-demo",
  ]);
  const value = (end: string) => plan.writes.find(({ file }) => file.endsWith(end))?.value;
  assert.equal(value("memory.limit_in_bytes"), "1000");
  assert.equal(value("memory.memsw.limit_in_bytes"), "1000");
  assert.equal(value("pids.max"), "42"); // and 32 of bot-bottle's own
  assert.equal(value("cpu.cfs_quota_us"), "150000");
  assert.deepEqual(plan.limited, { memory: true, pids: true, cpu: true });
  assert.deepEqual(plan.enter, plan.folders.map((folder) => `${folder}/cgroup.procs`));
});

Deno.test("cgroupPlan() leaves version 1 to root, and read-only mounts alone", () => {
  assert.deepEqual(
    cgroupPlan(view({ mountinfo: VERSION_ONE, isRoot: false }), "bot-bottle-demo", LIMITS).folders,
    [],
  );
  const readOnly = VERSION_ONE.replaceAll("rw,relatime", "ro,relatime");
  assert.deepEqual(
    cgroupPlan(view({ mountinfo: readOnly }), "bot-bottle-demo", LIMITS).folders,
    [],
  );
});

Deno.test("cgroupPlan() on version 2 makes a sibling and hands missing controllers down", () => {
  const unified = [{
    path: "/sys/fs/cgroup/user.slice",
    writable: true,
    controllers: ["cpu", "memory", "pids"],
    handedDown: ["memory", "pids"],
  }];
  const plan = cgroupPlan(view({ unified, isRoot: false }), "bot-bottle-demo", LIMITS);
  assert.deepEqual(plan.folders, ["/sys/fs/cgroup/user.slice/bot-bottle-demo"]);
  assert.deepEqual(plan.writes.map(({ file, value }) => `${file.split("/").at(-1)}=${value}`), [
    "cgroup.subtree_control=+cpu",
    "memory.max=1000",
    "memory.swap.max=0",
    "pids.max=42",
    "cpu.max=150000 100000",
  ]);
});

Deno.test("cgroupPlan() takes the first version 2 folder that is writable and offers something", () => {
  const unified = [
    { path: "/a", writable: false, controllers: ["memory"], handedDown: [] },
    { path: "/b", writable: true, controllers: ["hugetlb"], handedDown: [] },
    { path: "/c", writable: true, controllers: ["pids"], handedDown: ["pids"] },
  ];
  const plan = cgroupPlan(view({ unified }), "bot-bottle-demo", LIMITS);
  assert.deepEqual(plan.folders, ["/c/bot-bottle-demo"]);
  assert.deepEqual(plan.limited, { memory: false, pids: true, cpu: false });
});

Deno.test("cgroupPlan() mixes versions without limiting anything twice", () => {
  const unified = [{
    path: "/sys/fs/cgroup/unified",
    writable: true,
    controllers: ["memory", "pids"],
    handedDown: ["memory", "pids"],
  }];
  const mountinfo = VERSION_ONE.split("\n").filter((line) => !line.includes("pids")).join("\n");
  const plan = cgroupPlan(view({ mountinfo, unified }), "bot-bottle-demo", LIMITS);
  assert.equal(plan.writes.filter(({ file }) => file.includes("memory")).length, 2);
  assert.equal(plan.folders.at(-1), "/sys/fs/cgroup/unified/bot-bottle-demo");
});

Deno.test("cgroupPlan() makes nothing when there is nothing to limit or nowhere to do it", () => {
  assert.deepEqual(cgroupPlan(view({}), "bot-bottle-demo", LIMITS).folders, []);
  assert.deepEqual(cgroupPlan(view({ mountinfo: VERSION_ONE }), "bot-bottle-demo", {}).folders, []);
});

Deno.test("slugOfCgroup() knows the cgroups of its own folder alone", () => {
  const name = cgroupName("/home/ada/.bot-bottle", "demo-1");
  assert.equal(slugOfCgroup("/home/ada/.bot-bottle", `/sys/fs/cgroup/pids/${name}`), "demo-1");
  assert.equal(slugOfCgroup("/home/other/.bot-bottle", `/sys/fs/cgroup/pids/${name}`), null);
  for (const odd of ["", "/", "/x/bot-bottle-demo", "/x/bot-bottle-...1234", "/x/bot-bottle-.."]) {
    assert.equal(slugOfCgroup("/home/ada/.bot-bottle", odd), null, odd);
  }
});
