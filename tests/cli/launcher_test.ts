import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { cacheFolder, LAUNCHER, ROOT, Scratch } from "./support.ts";

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
  const names = ["bwrap", "deno", "setpriv", "tar", "env", "sh", "find", "grep", "id", "readlink"];
  for (const name of names) {
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

Deno.test("variables that change the runtime do not reach it", async () => {
  using at = new Scratch();
  const script = join(at.root, "first.cjs");
  Deno.writeTextFileSync(script, 'console.log("poisoned")');
  const poison = {
    NODE_OPTIONS: `--require ${script}`,
    DENO_V8_FLAGS: "--help",
    DENO_PERMISSION_BROKER_PATH: join(at.root, "broker"),
    DENO_COVERAGE_DIR: join(at.root, "coverage"),
    DENO_DIR: join(at.root, "compiled"),
    LD_LIBRARY_PATH: `:${at.root}`,
    IFS: "b/",
    CDPATH: "/usr",
    ENV: script,
    BASH_ENV: script,
  };
  const { code, stdout, stderr } = await at.run(["run", "--", "echo", "fine"], poison);
  deepEqual([code, stdout, stderr], [0, "fine\n", ""]);
  deepEqual([...Deno.readDirSync(at.root)].map(({ name }) => name).sort(), [
    "first.cjs",
    "home",
    "project",
  ]);
});

Deno.test("a home folder and a cache that are reached over links work", async () => {
  using at = new Scratch();
  Deno.symlinkSync(".", join(at.root, "link"));
  Deno.symlinkSync(cacheFolder(), join(at.root, "cache"));
  at.bottle("dev", "env: {PLAIN: literal}");
  for (
    const more of [
      {},
      { BOT_BOTTLE_HOME: "", HOME: join(at.root, "link/home") },
      { BOT_BOTTLE_HOME: join(at.root, "link/project/.bb") },
    ]
  ) {
    const ended = await at.run(["run", "--cwd", "--", "sh", "-c", "ls -A; exit 3"], {
      HOME: join(at.root, "link"),
      BOT_BOTTLE_HOME: join(at.root, "link/home"),
      BOT_BOTTLE_CACHE: join(at.root, "cache"),
      ...more,
    });
    // bot-bottle's own folder may be in the working directory; it is not copied.
    deepEqual(ended, { code: 3, stdout: "", stderr: "" });
  }
});

Deno.test("a working directory that is gone is said, without a trace", async () => {
  using at = new Scratch();
  const script = `mkdir gone && cd gone && rmdir ../gone && exec "$0" list`;
  const { code, stderr } = await launch("/bin/sh", ["-c", script, LAUNCHER], {
    cwd: at.root,
    env: at.env(),
  });
  equal(code, 125);
  match(stderr, /^bot-bottle: Cannot start: the working directory is gone\nbot-bottle: hint: /m);
});

Deno.test("files of a hostile working directory configure nothing", async () => {
  using at = new Scratch();
  const poison: Record<string, string> = {
    "deno.json":
      '{"imports": {"zod": "./evil.js"}, "permissions": {"host": {"all": true}}, "lock": "./evil"}',
    "deno.lock": "{ broken",
    "package.json": "{ broken",
    "import_map.json": "{ broken",
    ".npmrc": "registry=http://127.0.0.1:1/",
    ".env": "BOT_BOTTLE_HOME=/nowhere",
    "tsconfig.json": "{ broken",
    "node_modules/zod/index.js": "throw new Error('evil')",
    "node_modules/zod/package.json": '{"name": "zod", "main": "index.js"}',
  };
  for (const [name, text] of Object.entries(poison)) {
    Deno.mkdirSync(dirname(join(at.project, name)), { recursive: true });
    Deno.writeTextFileSync(join(at.project, name), text);
  }
  at.bottle("dev", "env: {PLAIN: literal}");
  const ended = await at.run(["run", "--bottle", "dev", "--", "sh", "-c", "echo $PLAIN"]);
  deepEqual(ended, { code: 0, stdout: "literal\n", stderr: "" });
});

Deno.test("without HOME the launcher says what to do", async () => {
  const { code, stderr } = await launch(LAUNCHER, ["list"], { env: { PATH: "/usr/bin:/bin" } });
  equal(code, 125);
  match(stderr, /HOME is not set\n.*hint: /);
});

Deno.test("a working directory cannot bring the program that is run", async () => {
  using at = new Scratch();
  const version = Deno.readTextFileSync(join(ROOT, "scripts/deno-version")).trim();
  for (const cache of ["", "bot-bottle/", ".cache/bot-bottle/"]) {
    const program = join(at.project, cache, `deno-${version}/deno`);
    Deno.mkdirSync(dirname(program), { recursive: true });
    Deno.writeTextFileSync(program, "#!/bin/sh\necho hostile\n");
    Deno.chmodSync(program, 0o755);
  }
  const { BOT_BOTTLE_CACHE: _, ...env } = at.env();
  for (
    const more of [{ BOT_BOTTLE_CACHE: "." }, { XDG_CACHE_HOME: "." }, { HOME: "." }]
  ) {
    const ended = await launch(LAUNCHER, ["list"], { cwd: at.project, env: { ...env, ...more } });
    deepEqual([ended.code, ended.stdout], [125, ""], ended.stderr);
    match(ended.stderr, /is not an absolute path\nbot-bottle: hint: /);
  }
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
