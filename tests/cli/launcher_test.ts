import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { LAUNCHER, ROOT, Scratch } from "./support.ts";

async function launch(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env: Record<string, string> },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    stdin: "null",
    ...options,
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("the launcher works through a symbolic link and from PATH", async () => {
  using at = new Scratch();
  Deno.mkdirSync(join(at.root, "bin"));
  Deno.symlinkSync(LAUNCHER, join(at.root, "bin/bot-bottle"));
  const linked = await launch(join(at.root, "bin/bot-bottle"), ["--version"], { env: at.env() });
  equal(linked.code, 0, linked.stderr);
  const env = at.env({ PATH: `${at.root}/bin:/usr/bin:/bin` });
  const found = await launch("/bin/sh", ["-c", "bot-bottle --version"], { env });
  deepEqual([found.code, found.stdout], [0, linked.stdout]);
});

Deno.test("programs that somebody put in front of PATH are not run", async () => {
  using at = new Scratch();
  const bin = join(at.root, "bin");
  Deno.mkdirSync(bin);
  for (const name of ["bwrap", "deno", "setpriv", "tar", "env", "sh"]) {
    Deno.writeTextFileSync(
      join(bin, name),
      `#!/bin/sh\ntouch ${at.root}/poisoned-${name}\nexit 1\n`,
    );
    Deno.chmodSync(join(bin, name), 0o755);
  }
  const { code, stdout } = await at.run(["run", "--", "echo", "fine"], {
    PATH: `${bin}:/usr/bin:/bin`,
  });
  deepEqual([code, stdout], [0, "fine\n"]);
  deepEqual([...Deno.readDirSync(at.root)].filter(({ name }) => name.startsWith("poisoned")), []);
});

Deno.test("a folder whose name holds a comma cannot widen the permissions", async () => {
  using at = new Scratch();
  const cwd = join(at.root, "x,");
  Deno.mkdirSync(cwd);
  const { code, stderr } = await launch(LAUNCHER, ["list"], { cwd, env: at.env() });
  equal(code, 125);
  match(stderr, /comma/);
});

Deno.test("without HOME the launcher says what to do", async () => {
  const { code, stderr } = await launch(LAUNCHER, ["list"], { env: { PATH: "/usr/bin:/bin" } });
  equal(code, 125);
  match(stderr, /HOME is not set\n.*hint: /);
});

Deno.test("builds side by side leave bundles that work", async () => {
  using at = new Scratch();
  const copy = join(at.root, "checkout");
  Deno.mkdirSync(copy);
  const names = [...Deno.readDirSync(ROOT)].map(({ name }) => name)
    .filter((name) => !["dist", ".git", "tests", "bench", "coverage", "docs"].includes(name));
  await launch("/bin/cp", ["-r", ...names.map((name) => join(ROOT, name)), copy], { env: {} });
  const env = at.env();
  const runs = await Promise.all(
    Array.from({ length: 3 }, () => launch(join(copy, "bot-bottle"), ["--version"], { env })),
  );
  for (const { code, stderr } of runs) equal(code, 0, stderr);
  const again = await launch(join(copy, "bot-bottle"), ["explain", "nobody"], { env });
  equal(again.code, 3, again.stderr);
  ok(![...Deno.readDirSync(join(copy, "dist"))].some(({ name }) => name.startsWith(".build.")));
});
