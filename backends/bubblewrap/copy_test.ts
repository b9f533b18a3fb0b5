/** The pure parts of a copy: walls, complaints, bounds. */
import assert from "node:assert/strict";
import { copyArguments } from "./copy_arguments.ts";
import { CopyComplaints } from "./copy_complaints.ts";
import { judgeCopy } from "./copy_watch.ts";

const GIBIBYTE = 1024 ** 3;

Deno.test("copyArguments() writes to the target alone, and shows home and workspace read-only", () => {
  const text = ` ${
    copyArguments({ from: "/s/box", to: "/s/box/copy", agentUid: null, rootEntries: [] }).join(" ")
  } `;
  assert.deepEqual([...text.matchAll(/ --bind (\S+) (\S+)/g)].map(([, from, to]) => [from, to]), [
    ["/s/box/copy", "/to"],
  ]);
  assert.deepEqual([...text.matchAll(/ --ro-bind (\/s\S+) /g)].map(([, from]) => from), [
    "/s/box/home",
    "/s/box/workspace",
  ]);
  assert.ok(text.includes(" --unshare-net ") && text.includes(" --remount-ro / "));
});

Deno.test("copyArguments() makes root's copy the agent's own before anything is read", () => {
  const args = copyArguments({ from: "/s", to: "/t", agentUid: 1_900_000_001, rootEntries: [] });
  const program = args.slice(args.indexOf("--") + 1);
  assert.equal(program[0], "/usr/bin/setpriv");
  assert.ok(program.includes("--reuid=1900000001") && program.includes("--no-new-privs"));
  const plain = copyArguments({ from: "/s", to: "/t", agentUid: null, rootEntries: [] });
  assert.equal(plain.at(-1), "--");
  assert.ok(plain.includes("--unshare-user") && !args.includes("--unshare-user"));
});

function judged(...lines: string[]): CopyComplaints & { wrong: string | undefined } {
  const complaints = new CopyComplaints();
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  // In pieces of three bytes, as a pipe may give them.
  for (let at = 0; at < bytes.length; at += 3) complaints.take(bytes.subarray(at, at + 3));
  return Object.assign(complaints, { wrong: complaints.end() });
}

Deno.test("CopyComplaints counts what the agent changed meanwhile and finds the rest wrong", () => {
  const changed = judged(
    "cp: cannot stat './a': No such file or directory",
    "cp: cannot open './b' for reading: Too many levels of symbolic links",
    "cp: skipping file './c', as it was replaced while being copied",
    "find: './d': No such file or directory",
    "cp: cannot access './d': Not a directory",
    "cp: cannot stat './e/very': File name too long",
    "cp: cannot open './f' for reading: Permission denied",
    "cp: cannot access './g': Permission denied",
  );
  assert.deepEqual([changed.vanished, changed.unopened, changed.wrong], [5, 3, undefined]);
  const full = "cp: error writing '/to/home/x': No space left on device";
  assert.equal(judged("cp: cannot stat './a': No such file or directory", full).wrong, full);
  assert.equal(
    judged("cp: cannot create regular file '/to/home/a': Permission denied").wrong?.slice(0, 3),
    "cp:",
  );
  assert.equal(judged("bwrap: Can't bind mount").wrong, "bwrap: Can't bind mount");
});

Deno.test("CopyComplaints takes no reason from a name, however long it is", () => {
  const name = "./x: No such file or directory";
  assert.ok(judged(`cp: error writing '${name}': Input/output error`).wrong !== undefined);
  assert.ok(judged(`cp: error writing '${name.repeat(5000)}': Input/output error`).wrong);
  const vanished = judged(`cp: cannot stat '${"n".repeat(100_000)}': No such file or directory`);
  assert.deepEqual([vanished.vanished, vanished.wrong], [1, undefined]);
});

Deno.test("judgeCopy() ends a copy that fills the disk, grows without end, or stands still", () => {
  const bounds = { freeFloorBytes: GIBIBYTE, patience: 60_000 };
  const fine = { free: 2 * GIBIBYTE, freeFiles: Infinity, used: GIBIBYTE, still: 59_000 };
  assert.equal(judgeCopy(fine, 2 * GIBIBYTE, bounds), undefined);
  assert.match(judgeCopy({ ...fine, free: 1 }, Infinity, bounds)!, /less than the floor/);
  assert.match(judgeCopy({ ...fine, freeFiles: 9 }, Infinity, bounds)!, /room for 9 files/);
  assert.match(judgeCopy(fine, GIBIBYTE - 1, bounds)!, /grown to 1024 MiB/);
  assert.match(judgeCopy({ ...fine, still: 61_000 }, Infinity, bounds)!, /copied for 61 s/);
});
