/** The pure parts of the bubblewrap backend: arguments, /etc, identities, records, survey, limits. */
import assert from "node:assert/strict";
import { bwrapArguments, commandScript, type Walls } from "./arguments.ts";
import { judgeDisk } from "./disk_watch.ts";
import { CA_BUNDLE_PATHS, etcFiles, isJavaConfiguration } from "./etc.ts";
import { agentHostUid, userMap } from "./identity.ts";
import { effectiveLimits } from "./launch.ts";
import { parseProcessStat } from "./process_stat.ts";
import { parseRunRecord } from "./run_record.ts";
import { countsProcessesPerNamespace, parseSurvey } from "./survey.ts";

const walls: Walls = {
  slug: "demo",
  mappedByHost: false,
  rootEntries: [{ path: "/bin", link: "usr/bin" }, { path: "/lib", link: null }],
  binds: [
    { from: "/s/home", to: "/home/agent", writable: true },
    { from: "/s/own", to: "/opt/bot-bottle", writable: false },
    { from: "/srv/data", to: "/mnt/deep/data", writable: false },
  ],
  tmpBytes: 1024,
  cwd: "/workspace",
};
const text = (some: Partial<Walls> = {}) => ` ${bwrapArguments({ ...walls, ...some }).join(" ")} `;

Deno.test("bwrapArguments() unshares every namespace and dies with its parent", () => {
  for (
    const flag of [
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup-try",
      "--unshare-net",
      "--die-with-parent",
    ]
  ) assert.ok(text().includes(` ${flag} `), flag);
});

Deno.test("bwrapArguments() writes to nothing of the host but what is marked so", () => {
  const writable = [...text().matchAll(/ --(?:dev-)?bind (\S+) /g)].map(([, from]) => from);
  assert.deepEqual(writable, ["/s/home"]);
  assert.ok(text().includes(" --ro-bind /srv/data /mnt/deep/data "));
});

Deno.test("bwrapArguments() makes parents open to pass, before what is bound below them", () => {
  const all = text();
  for (const folder of ["/home", "/opt", "/mnt", "/mnt/deep"]) {
    assert.ok(all.includes(` --dir ${folder} `), folder);
  }
  assert.ok(all.indexOf("--dir /mnt/deep ") < all.indexOf("--ro-bind /srv/data"));
});

Deno.test("bwrapArguments() follows the host's layout of /bin", () => {
  assert.ok(text().includes(" --symlink usr/bin /bin "));
  assert.ok(text().includes(" --ro-bind /lib /lib "));
});

Deno.test("bwrapArguments() maps the one user, or waits for the host's map and only then has capabilities", () => {
  assert.ok(text().includes(" --uid 1000 --gid 1000 "));
  assert.ok(!text().includes("--cap-add"));
  const root = text({ mappedByHost: true });
  assert.ok(root.includes(" --userns-block-fd 8 "));
  assert.ok(!root.includes("--uid"));
  const caps = [...root.matchAll(/--cap-add (\S+)/g)].map(([, cap]) => cap);
  assert.deepEqual(caps, ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]);
});

Deno.test("commandScript() quotes every word", () => {
  assert.equal(commandScript(["a b", "it's", "$x"]), `set -- 'a b' 'it'\\''s' '$x'\n`);
});

Deno.test("etcFiles() knows one user and no resolver", () => {
  const files = etcFiles("demo", "PEM\n");
  assert.equal(files["/etc/passwd"]?.trim().split("\n").length, 1);
  assert.match(files["/etc/passwd"] ?? "", /^agent:x:1000:1000:/);
  assert.equal(files["/etc/resolv.conf"], "");
  assert.match(files["/etc/nsswitch.conf"] ?? "", /hosts: files\n/);
  for (const path of CA_BUNDLE_PATHS) assert.equal(files[path], "PEM\n");
});

Deno.test("isJavaConfiguration() takes a runtime's folder and nothing that looks like it", () => {
  for (const name of ["java", "java-17-openjdk"]) assert.ok(isJavaConfiguration(name));
  for (const name of ["javascript", "my-java", "java/..", "Java"]) {
    assert.ok(!isJavaConfiguration(name));
  }
});

Deno.test("agentHostUid() is the same for a slug, differs between slugs, and is in the unused range", () => {
  assert.equal(agentHostUid("demo"), agentHostUid("demo"));
  assert.notEqual(agentHostUid("demo"), agentHostUid("demo2"));
  for (const slug of ["a", "b", "c-d", "x".repeat(63)]) {
    const uid = agentHostUid(slug);
    assert.ok(uid >= 1_879_048_192 && uid <= 2_147_352_575);
  }
  assert.equal(userMap(1_900_000_001), "0 0 1\n1000 1900000001 1\n");
});

Deno.test("parseProcessStat() is not fooled by a name with parentheses and spaces", () => {
  const rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21";
  assert.deepEqual(parseProcessStat(`42 (a) b (c) ${rest}`), { pid: 42, start: "777" });
  assert.deepEqual(parseProcessStat(`42 (deno) ${rest}`), { pid: 42, start: "777" });
  for (const bad of ["", "x", "42 deno S 1", "42 (deno) S 1 2"]) {
    assert.equal(parseProcessStat(bad), null);
  }
});

Deno.test("parseRunRecord() takes what launch writes and nothing else", () => {
  const record = {
    backend: "bubblewrap" as const,
    slug: "demo",
    host: { pid: 4, start: "5" },
    cgroups: ["/sys/fs/cgroup/x"],
  };
  assert.deepEqual(parseRunRecord(JSON.stringify(record)), record);
  const bad = [
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...record, backend: "docker" }),
    JSON.stringify({ ...record, slug: "../x" }),
    JSON.stringify({ ...record, host: { pid: "4", start: "5" } }),
    JSON.stringify({ ...record, host: null }),
    JSON.stringify({ ...record, cgroups: null }),
  ];
  for (const one of bad) assert.equal(parseRunRecord(one), null, one);
});

Deno.test("parseSurvey() reads the parts, and null without a process table", () => {
  const stat = "7 (deno) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99 20";
  const survey = parseSurvey(
    [
      `== self\n${stat}`,
      "== kernel\n6.1.0-18-amd64",
      "== memory\n2048",
      "== reset\nyes",
      "== ipv4\n127.0.0.1\n192.0.2.2\n192.0.2.2",
      "== ipv6\n20010db8000000000000000000000007",
      "== membership\n0::/user.slice",
      "== mountinfo\n",
      "== unified\nwritable /sys/fs/cgroup/user.slice\ncpu memory pids\nmemory pids\n",
    ].join("\n"),
    false,
  );
  assert.deepEqual(survey?.self, { pid: 7, start: "99" });
  assert.equal(survey?.memoryBytes, 2048 * 1024);
  assert.equal(survey?.resetsSignals, true);
  assert.deepEqual(survey?.addresses, ["192.0.2.2", "2001:0db8:0000:0000:0000:0000:0000:0007"]);
  assert.deepEqual(survey?.cgroups.unified, [{
    path: "/sys/fs/cgroup/user.slice",
    writable: true,
    controllers: ["cpu", "memory", "pids"],
    handedDown: ["memory", "pids"],
  }]);
  assert.equal(parseSurvey("== self\n", false), null);
});

Deno.test("countsProcessesPerNamespace() begins with Linux 5.14", () => {
  const rows: [string, boolean][] = [
    ["5.13.19", false],
    ["5.14.0-70.el9", true],
    ["4.18.0", false],
    ["6.1.0-18-amd64", true],
    ["10.0.0", true],
  ];
  for (const [kernel, expected] of rows) {
    assert.equal(countsProcessesPerNamespace(kernel), expected);
  }
});

Deno.test("effectiveLimits() keeps what was asked and bounds the rest by the machine", () => {
  const gibibyte = 1024 ** 3;
  assert.deepEqual(effectiveLimits({}, 4 * gibibyte), {
    memoryBytes: 3 * gibibyte,
    pids: 1024,
    diskBytes: 10 * gibibyte,
  });
  assert.equal(effectiveLimits({}, 64 * gibibyte).memoryBytes, 8 * gibibyte);
  assert.deepEqual(
    effectiveLimits({ memoryBytes: 1, pids: 2, cpus: 0.5, diskBytes: 3 }, gibibyte),
    {
      memoryBytes: 1,
      pids: 2,
      cpus: 0.5,
      diskBytes: 3,
    },
  );
});

Deno.test("judgeDisk() leaves the host files to make, not only bytes", () => {
  assert.match(
    judgeDisk({ free: 100, freeFiles: 9_999, used: 0 }, 10, 0) ?? "",
    /room for 9999 files more/,
  );
  assert.equal(judgeDisk({ free: 100, freeFiles: 10_000, used: 0 }, 10, 0), undefined);
});

Deno.test("judgeDisk() names the limit or the floor", () => {
  const mebibyte = 1024 * 1024;
  assert.equal(judgeDisk({ free: 100, freeFiles: Infinity, used: 10 }, 10, 100), undefined);
  assert.match(
    judgeDisk({ free: 99, freeFiles: Infinity, used: 0 }, 10, 100) ?? "",
    /less than the floor/,
  );
  assert.match(
    judgeDisk(
      { free: 100 * mebibyte, freeFiles: Infinity, used: 11 * mebibyte },
      10 * mebibyte,
      0,
    ) ?? "",
    /hold 11 MiB, more than the limit of 10 MiB/,
  );
});
