import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path/posix";
import { LAUNCHER, Scratch } from "./support.ts";

/** Rust's own removal holds a descriptor for each level; Deno takes as many as the system lets it have. */
const DEEP = `for (1 .. 3000) { mkdir "aaaaaaaa" or die $!; chdir "aaaaaaaa" or die $! }`;

Deno.test("a bottle whose folders are deeper than descriptors last is removed all the same", async () => {
  using at = new Scratch();
  const { code, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", `ulimit -n 1024; exec "$@"`, "sh", LAUNCHER, "run", "--", "perl", "-e", DEEP],
    cwd: at.project,
    clearEnv: true,
    env: at.env(),
    stdin: "null",
  }).output();
  deepEqual([code, new TextDecoder().decode(stderr), at.names("state")], [0, "", []]);
});

Deno.test("a bottle that took the permissions of its folders away is removed all the same", async () => {
  using at = new Scratch();
  const ended = await at.run([
    "run",
    "--",
    "sh",
    "-c",
    "mkdir -p a/b/c d; touch a/b/c/f; chmod 0 a/b/c a/b a d; chmod 0 ~ .",
  ]);
  deepEqual([ended.code, ended.stderr, at.names("state")], [0, "", []]);
});

Deno.test("removing a bottle follows no link, and leaves what links name alone", async () => {
  using at = new Scratch();
  Deno.writeTextFileSync(join(at.project, "mine"), "mine\n");
  const script =
    `ln -s ${at.project} out; ln -s ${at.project}/mine file; mkdir d; ln -s ../../.. d/up`;
  equal((await at.run(["run", "--", "sh", "-c", script])).code, 0);
  deepEqual(at.names("state"), []);
  equal(Deno.readTextFileSync(join(at.project, "mine")), "mine\n");
});
