import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { EventLog } from "./event_log.ts";
import { logFiles, readEventLines, verifyEventLog } from "./event_log_files.ts";

const clock = { now: () => new Date(1_700_000_000_000), monotonic: () => 0 };

function scratch(): { path: string } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  return {
    path: `${folder}/events.jsonl`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("EventLog appends lines whose chain verifies", () => {
  using at = scratch();
  using log = EventLog.open(at.path, { clock });
  log.append({ type: "first", host: "example.com" });
  log.append({ type: "second", note: undefined });
  const verdict = verifyEventLog(at.path);
  equal(verdict.ok, true);
  equal(verdict.events, 2);
  equal(verdict.from, 1);
  equal(Deno.statSync(at.path).mode! & 0o777, 0o600);
});

Deno.test("EventLog continues the chain after a restart", () => {
  using at = scratch();
  {
    using log = EventLog.open(at.path, { clock });
    log.append({ type: "before" });
  }
  using log = EventLog.open(at.path, { clock });
  equal(log.append({ type: "after" }).seq, 2);
  equal(verifyEventLog(at.path).ok, true);
});

Deno.test("EventLog continues the chain over rotation and keeps a bounded number of files", () => {
  using at = scratch();
  using log = EventLog.open(at.path, { clock, maxBytes: 600, maxFiles: 3 });
  for (let i = 0; i < 20; i++) log.append({ type: "event", i });
  equal(logFiles(at.path).length, 3);
  const verdict = verifyEventLog(at.path);
  equal(verdict.ok, true);
  ok(verdict.from > 1, "the oldest file was removed");
  equal(verdict.head.seq, 20);
  for (const file of logFiles(at.path)) ok(Deno.statSync(file).size <= 600);
});

Deno.test("EventLog continues from the rotated file when the current one is empty", () => {
  using at = scratch();
  {
    using log = EventLog.open(at.path, { clock });
    log.append({ type: "before" });
  }
  Deno.renameSync(at.path, `${at.path}.1`);
  using log = EventLog.open(at.path, { clock });
  equal(log.append({ type: "after" }).seq, 2);
});

Deno.test("EventLog cuts a torn last line off and says so, and the chain verifies", () => {
  using at = scratch();
  {
    using log = EventLog.open(at.path, { clock });
    log.append({ type: "whole" });
  }
  Deno.writeTextFileSync(at.path, '{"type":"torn","ho', { append: true });
  equal(verifyEventLog(at.path).tornBytes, 18);
  equal(verifyEventLog(at.path).ok, true);
  using _log = EventLog.open(at.path, { clock });
  const lines = [...readEventLines(at.path)].map((line) => JSON.parse(line));
  deepEqual(lines.map(({ type }) => type), ["whole", "log_repaired"]);
  equal(lines[1].discarded_bytes, 18);
  const verdict = verifyEventLog(at.path);
  deepEqual([verdict.ok, verdict.tornBytes, verdict.repairs], [true, 0, 1]);
});

Deno.test("verifyEventLog() finds an edited, a removed and a moved line", () => {
  using at = scratch();
  {
    using log = EventLog.open(at.path, { clock });
    for (const verdict of ["deny", "deny", "allow"]) log.append({ type: "egress", verdict });
  }
  const [first, second, third] = [...readEventLines(at.path)] as [string, string, string];
  for (
    const [lines, line] of [
      [[first, second.replace("deny", "pass"), third], 2],
      [[first, third], 2],
      [[second, first, third], 2],
      [[first, third, second], 2],
    ] as const
  ) {
    Deno.writeTextFileSync(at.path, lines.join("\n") + "\n");
    const verdict = verifyEventLog(at.path);
    equal(verdict.ok, false);
    equal(verdict.fault?.line, line);
  }
});

Deno.test("EventLog refuses to continue a log whose last line is not of a chain", () => {
  using at = scratch();
  Deno.writeTextFileSync(at.path, '{"type":"forged"}\n');
  throws(
    () => EventLog.open(at.path, { clock }),
    (error) => error instanceof BottleError && error.code === "event_log_damaged",
  );
});

Deno.test("EventLog has one writer at a time", () => {
  using at = scratch();
  {
    using _first = EventLog.open(at.path, { clock });
    throws(
      () => EventLog.open(at.path, { clock }),
      (error) => error instanceof BottleError && error.code === "event_log_busy",
    );
  }
  using second = EventLog.open(at.path, { clock });
  equal(second.append({ type: "later" }).seq, 1);
});

Deno.test("EventLog throws when the disk refuses, and the log stays whole", async () => {
  // A file size limit stands for a full disk; the signal that comes with it is ignored by Deno.
  using at = scratch();
  const script = `
    import { EventLog } from ${JSON.stringify(new URL("./event_log.ts", import.meta.url).href)};
    const log = EventLog.open(${
    JSON.stringify(at.path)
  }, { clock: { now: () => new Date(), monotonic: () => 0 } });
    let appended = 0;
    try { for (; appended < 100; appended++) log.append({ type: "filler", text: "x".repeat(200) }); }
    catch (error) { console.log(appended, error.code, error.message); }
  `;
  const file = `${at.path}.ts`;
  Deno.writeTextFileSync(file, script);
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `trap '' XFSZ; ulimit -f 2; exec "$0" run -q -A --no-config "$1"`,
      Deno.execPath(),
      file,
    ],
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  match(new TextDecoder().decode(stdout), /^[1-9]\d* event_log_failed Cannot append/);
  const verdict = verifyEventLog(at.path);
  deepEqual([verdict.ok, verdict.tornBytes], [true, 0]);
});
