import { deepEqual, equal, ok } from "node:assert/strict";
import { cacheFolder, ROOT, Scratch } from "./support.ts";

/** One access that Deno's permission audit recorded. */
interface Access {
  readonly permission: string;
  readonly value: string | null;
}

async function footprint(at: Scratch, args: readonly string[]): Promise<Access[]> {
  const file = `${at.root}/audit.jsonl`;
  const { code, stderr } = await at.run(args, { DENO_AUDIT_PERMISSIONS: file });
  equal(code, 0, stderr);
  const text = Deno.readTextFileSync(file);
  Deno.removeSync(file);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

/** Accesses that are neither below one of the folders nor one of the files. */
function outside(accesses: readonly Access[], permission: string, folders: readonly string[]) {
  return accesses.filter((access) => access.permission === permission)
    .map(({ value }) => value ?? "(all)")
    .filter((path) => !folders.some((folder) => path === folder || path.startsWith(`${folder}/`)));
}

const SYSTEM = ["/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/dev/tty"];

/** Reading variables of these names tells a program nothing but what it was given for itself. */
const OWN_ENV =
  /^(BOT_BOTTLE_|EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS$|SUPERVISE_(GITLEAKS_ALLOW_)?TIMEOUT_SECONDS$|NO_COLOR$|HOME$|NODE_|STRICLI_|FORCE_COLOR$|TERM$|LOG_)/;

for (
  const [name, args] of [
    ["list", ["list", "available"]],
    ["explain", ["explain", "dev"]],
    ["run", ["run", "--bottle", "dev", "--", "true"]],
  ] as const
) {
  Deno.test(`the host program's footprint of ${name}: no network, writes only below its home, reads only what it needs`, async () => {
    using at = new Scratch();
    at.bottle("dev", "egress:\n  routes:\n    - host: api.example.com");
    at.agent("dev", "bottle: dev");
    const accesses = await footprint(at, args);
    ok(accesses.some(({ permission }) => permission === "read"), "the audit recorded something");
    deepEqual(
      accesses.filter(({ permission }) => ["net", "ffi", "import"].includes(permission)),
      [],
    );
    deepEqual(outside(accesses, "write", [at.home]), []);
    const readable = [at.home, at.project, `${ROOT}/dist`, cacheFolder(), ...SYSTEM];
    // A legacy file is looked for beside the home folder, and that folder's real path is asked for.
    const read = outside(accesses, "read", [...readable, `${at.root}/bot-bottle.json`]);
    deepEqual(read.filter((path) => path !== at.root), []);
    const variables = accesses.filter(({ permission }) => permission === "env");
    deepEqual(variables.filter(({ value }) => value === null || !OWN_ENV.test(value)), []);
    const system = accesses.filter(({ permission }) => permission === "sys");
    deepEqual([...new Set(system.map(({ value }) => value))], ["uid"]);
    if (name !== "run") {
      deepEqual(accesses.filter(({ permission }) => ["write", "run"].includes(permission)), []);
    }
  });
}
