import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { ChosenBackend } from "../choose_backend.ts";
import type { Host } from "../context.ts";
import { bottleLayout } from "./layout.ts";
import { type BottleRecord, readRecord } from "./record.ts";
import { checkFiles, settleIncoming } from "./restore.ts";
import { lastCommit, nextTime, removeSnapshots, snapshotName, snapshotsOf } from "./snapshots.ts";
import { pointLines, settleFiles, startPoint } from "./start_point.ts";

const record: BottleRecord = {
  version: 1,
  slug: "box",
  backend: "bubblewrap",
  bottles: [],
  started: "2030-01-01T00:00:00Z",
  preserved: true,
};

/** A bottle's folder with snapshots of these names. */
function scene(...names: string[]) {
  const home = Deno.makeTempDirSync();
  const layout = bottleLayout(home, 0, "box");
  for (const name of names) {
    for (const part of ["home", "workspace"]) {
      const folder = join(layout.state, "snapshots", name, part);
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(join(folder, "name"), name);
    }
  }
  return { layout, [Symbol.dispose]: () => Deno.removeSync(home, { recursive: true }) };
}

const at = (minute: number) => new Date(Date.UTC(2030, 0, 2, 3, minute, 5, 67));
const OLD = snapshotName("commit", at(1));
const NEW = snapshotName("commit", at(2));
const BEFORE = snapshotName("before", at(3));

Deno.test("snapshotsOf() tells kind and time by the name, and takes no part for a snapshot", () => {
  using here = scene(NEW, OLD, BEFORE, `${snapshotName("commit", at(9))}.part`, "commit-x", "lock");
  assert.deepEqual(snapshotsOf(here.layout, "commit").map(({ name }) => name), [OLD, NEW]);
  assert.deepEqual(lastCommit(here.layout)?.taken, at(2));
  assert.deepEqual(snapshotsOf(here.layout, "before").map(({ taken }) => taken), [at(3)]);
});

Deno.test("removeSnapshots() takes all names away before anything is removed", () => {
  using here = scene(OLD, NEW, BEFORE);
  const commits = snapshotsOf(here.layout, "commit");
  // The second cannot be renamed: the first must be whole, or no snapshot any more.
  Deno.removeSync(commits[1]!.folder, { recursive: true });
  assert.throws(() => removeSnapshots(commits), Deno.errors.NotFound);
  assert.deepEqual(snapshotsOf(here.layout, "commit"), []);
  assert.equal(Deno.readTextFileSync(`${commits[0]!.folder}.part/home/name`), OLD);
  removeSnapshots(snapshotsOf(here.layout, "before"));
  assert.deepEqual(snapshotsOf(here.layout, "before"), []);
});

Deno.test("nextTime() is later than every snapshot's, also when the clock was set back", () => {
  using here = scene(NEW, BEFORE);
  assert.deepEqual(nextTime(here.layout, at(7)), at(7));
  assert.deepEqual(nextTime(here.layout, at(0)), new Date(at(3).getTime() + 1));
});

Deno.test("startPoint() takes a commit once, and whatever is named", () => {
  using here = scene(OLD, NEW, BEFORE);
  const { layout } = here;
  const first = startPoint(layout, record, undefined);
  assert.deepEqual([first.kind, first.snapshot?.name, first.passed], ["commit", NEW, NEW]);
  const taken = { ...record, commit: NEW };
  assert.deepEqual(startPoint(layout, taken, undefined), {
    kind: "end",
    passed: NEW,
    passesOver: false,
  });
  assert.equal(startPoint(layout, { ...record, commit: OLD }, undefined).kind, "commit");
  assert.equal(startPoint(layout, record, "end").passesOver, true);
  assert.equal(startPoint(layout, taken, "commit").snapshot?.name, NEW);
  assert.equal(startPoint(layout, taken, "before").snapshot?.name, BEFORE);
});

Deno.test("startPoint() without commits goes on with the files, and refuses what is not there", () => {
  using here = scene();
  assert.deepEqual(startPoint(here.layout, record, undefined), { kind: "end", passesOver: false });
  for (const kind of ["commit", "before"] as const) {
    assert.throws(() => startPoint(here.layout, record, kind), { code: "no_snapshot" });
  }
});

Deno.test("pointLines() says the time and the age of what is taken", () => {
  using here = scene(NEW);
  const point = startPoint(here.layout, record, undefined);
  for (
    const [later, age] of [[0, "just now"], [5, "5 min ago"], [90, "2 h ago"], [4320, "3 days ago"]]
  ) {
    const now = new Date(at(2).getTime() + Number(later) * 60_000);
    assert.equal(
      pointLines(point, now)[0],
      `starts from the commit of 2030-01-02 03:02 UTC (${age})`,
    );
  }
  assert.deepEqual(pointLines(startPoint(here.layout, record, "end"), at(3)), [
    "its commit is passed over, and kept",
  ]);
});

Deno.test("settleIncoming() ends in the same place from wherever it was interrupted", () => {
  for (let done = 0; done <= 4; done++) {
    using here = scene(snapshotName("incoming", at(5)));
    const { layout } = here;
    for (const part of [layout.home, layout.workspace]) {
      Deno.mkdirSync(part);
      Deno.writeTextFileSync(join(part, "name"), "live");
    }
    const incoming = join(layout.state, "snapshots", snapshotName("incoming", at(5)));
    const before = join(layout.state, "snapshots", snapshotName("before", at(5)));
    const moves: [string, string][] = [
      [layout.home, join(before, "home")],
      [join(incoming, "home"), layout.home],
      [layout.workspace, join(before, "workspace")],
      [join(incoming, "workspace"), layout.workspace],
    ];
    if (done > 0) Deno.mkdirSync(before);
    for (const [from, to] of moves.slice(0, done)) Deno.renameSync(from, to);
    for (let turn = 0; turn < 2; turn++) {
      assert.equal(settleIncoming(layout), turn === 0 ? before : undefined);
      const read = (folder: string) => Deno.readTextFileSync(join(folder, "name"));
      assert.deepEqual(
        [layout.home, layout.workspace].map(read),
        Array(2).fill(incoming.split("/").at(-1)),
      );
      assert.deepEqual([join(before, "home"), join(before, "workspace")].map(read), [
        "live",
        "live",
      ]);
      checkFiles(layout, "box");
    }
  }
});

Deno.test("checkFiles() refuses a missing folder and a link in its place, and names the commit", () => {
  using here = scene(NEW);
  const { layout } = here;
  Deno.mkdirSync(layout.home);
  Deno.symlinkSync("/tmp", layout.workspace);
  assert.throws(() => checkFiles(layout, "box"), {
    code: "files_missing",
    hint: /from its commit: bot-bottle resume box --from commit/,
  });
});

Deno.test("settleFiles() that is cut off once the commit's files are there is finished by the next, not begun again", async () => {
  using here = scene(NEW);
  const { layout } = here;
  for (const part of [layout.home, layout.workspace]) {
    Deno.mkdirSync(part);
    Deno.writeTextFileSync(join(part, "name"), "live");
  }
  const host = (info: () => void) =>
    ({
      clock: { now: () => at(5) },
      terminal: { stderr: false, progress() {} },
      log: { info },
    }) as unknown as Host;
  const copied = {
    async restore({ to }: { to: string }) {
      for (const part of ["home", "workspace"]) {
        await Deno.mkdir(join(to, part));
        await Deno.writeTextFile(join(to, part, "name"), NEW);
      }
    },
  };
  const backend = { load: () => Promise.resolve(copied) } as unknown as ChosenBackend;
  const settle = (on: Host, now: BottleRecord) =>
    settleFiles(on, backend, layout, now, startPoint(layout, now, undefined), undefined);
  const cutOff = host(() => {
    throw new Error("cut off");
  });
  await assert.rejects(settle(cutOff, record), /cut off/);
  await settle(host(() => {}), readRecord(layout) ?? record);
  const kept = snapshotsOf(layout, "before");
  assert.equal(kept.length, 1, "what the first start set aside is still what --from before takes");
  assert.equal(Deno.readTextFileSync(join(kept[0]!.folder, "home/name")), "live");
  assert.equal(Deno.readTextFileSync(join(layout.home, "name")), NEW);
});
