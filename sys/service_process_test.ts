import { deepEqual, equal, ok } from "node:assert/strict";
import { startService } from "./service_process.ts";

const shell = (script: string) => ({
  program: "/bin/sh",
  args: ["-c", script],
  cwd: "/",
});

Deno.test("startService() gives the child exactly its environment, and its lines", async () => {
  const lines: string[] = [];
  const service = startService({
    ...shell("env; echo problem >&2; cat >/dev/null; echo end"),
    env: { GIVEN: "yes" },
    onStdout: (line) => lines.push(line),
  });
  await service.stop(2000);
  deepEqual(lines.filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line)), ["GIVEN=yes", "end"]);
  equal(service.stderrTail(), "problem\n");
  deepEqual(await service.ended, { code: 0, signal: null });
});

Deno.test("stop() ends a child that ignores the end of stdin and SIGTERM", async () => {
  const service = startService({ ...shell("trap '' TERM; while :; do sleep 0.1; done"), env: {} });
  const start = performance.now();
  await service.stop(50);
  equal((await service.ended).signal, "SIGKILL");
  ok(performance.now() - start < 3000);
});

Deno.test("stop() of a child that is gone returns at once", async () => {
  const service = startService({ ...shell("exit 3"), env: {} });
  equal((await service.ended).code, 3);
  await service.stop(5000);
});
