import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";

const ROOT = new URL("../../", import.meta.url).pathname;
/** A token of the right form with a wrong checksum, made here. */
const TOKEN = ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].join("");

async function scan(args: readonly string[], stdin = "", env: Record<string, string> = {}) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--enable-experimental-regexp-engine",
      join(ROOT, "main.ts"),
      "scan",
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...env, NO_COLOR: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("scan exits 0 for clean input and 1 for a finding, and never prints the value", async () => {
  const clean = await scan(["-"], "nothing here");
  equal(clean.code, 0);
  deepEqual(JSON.parse(clean.stdout), { bytes: 12, findings: [], incomplete: [] });
  const found = await scan([], `{"token":"${TOKEN}"}`);
  equal(found.code, 1);
  const [finding] = JSON.parse(found.stdout).findings;
  deepEqual([finding.rule, finding.start, finding.end], ["github-token", 10, 50]);
  ok(!(found.stdout + found.stderr).includes(TOKEN.slice(6, 20)));
});

Deno.test("scan reads a file, adds detectors, and looks for a variable's value in every encoding", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const value = ["zk", "7Qm2Zp9XvK4tRw8LdY3nHs6J"].join("_");
    Deno.writeTextFileSync(file, btoa(`xx${value}yy`));
    const { code, stdout } = await scan([file, "--secret", "MY_VALUE"], "", { MY_VALUE: value });
    equal(code, 1);
    ok(
      JSON.parse(stdout).findings.some((finding: { rule: string }) => finding.rule === "MY_VALUE"),
    );
    ok(!stdout.includes(value.slice(5, 15)));
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("scan explains what it cannot do and exits 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--detector", "nonsense"], /no detector "nonsense"\n.*the detectors are/],
    [["--secret", "NOT_SET_ANYWHERE"], /NOT_SET_ANYWHERE: it is not set/],
    [["/no/such/file"], /Cannot read "\/no\/such\/file"/],
    [["a", "b"], /argument/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await scan(args);
    equal(code, 2, args.join(" "));
    match(stderr, message);
  }
  match((await scan(["--help"])).stdout, /bot-bottle scan request\.json/);
});
