/** Attacks by way of the descriptors that a bottle is given: /proc/self/fd opens what they stand for again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryHome } from "../conformance/subject.ts";

const RUN_ONE = new URL("../conformance/run_one.ts", import.meta.url).pathname;

/** Runs a shell script in a bottle whose stdin is `from`. */
async function runWith(home: string, slug: string, from: string, script: string): Promise<string> {
  const words = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", "--no-check", RUN_ONE];
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", `from=$1; shift; exec "$@" < "$from"`, "sh", from]
      .concat(words, home, slug, "/bin/sh", "-c", script),
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("fd: a file given as stdin can be read and not be written", async () => {
  await using folder = await temporaryHome();
  const file = join(folder.home, "script");
  await Deno.writeTextFile(file, "as it was\n");
  // Even root's agent, who is nobody, may write to this one.
  await Deno.chmod(file, 0o666);
  const script = "{ echo changed > /proc/self/fd/0; echo changed >> /dev/stdin; } 2>/dev/null; cat";
  assert.match(await runWith(folder.home, "stdin-file", file, script), /^as it was\n/);
  assert.equal(await Deno.readTextFile(file), "as it was\n");
});

Deno.test("fd: a long file given as stdin arrives whole, and an unread one ends nothing", async () => {
  await using folder = await temporaryHome();
  const file = join(folder.home, "long");
  await Deno.writeTextFile(file, "0123456789abcde\n".repeat(65_536));
  assert.equal(await runWith(folder.home, "stdin-long", file, "wc -c"), "1048576\n");
  assert.equal(await runWith(folder.home, "stdin-unread", file, "echo done"), "done\n");
});

Deno.test("fd: a folder given as stdin leads nowhere", async () => {
  await using folder = await temporaryHome();
  await Deno.writeTextFile(join(folder.home, "host-file"), "host\n");
  await Deno.chmod(folder.home, 0o755);
  const script =
    "ls /proc/self/fd/0/ 2>/dev/null; cat /proc/self/fd/0/../*/host-file 2>/dev/null; " +
    "perl -e 'opendir(D, \"/dev/fd/0\") and print readdir(D)'; echo done";
  assert.equal(await runWith(folder.home, "stdin-folder", folder.home, script), "done\n");
});
