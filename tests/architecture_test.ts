import { deepEqual, equal, ok } from "node:assert/strict";
import { IMPORT_TABLE, importProblem, topLevel } from "../scripts/lint/import_table.ts";
import importTablePlugin from "../scripts/lint/import_table_plugin.ts";

const ROOT = new URL("../", import.meta.url);

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier: string };
  readonly type?: { readonly specifier: string };
  readonly isDynamic?: boolean;
}

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

async function moduleGraph(entry: string): Promise<ModuleGraph> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL(entry, ROOT).pathname],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function relative(specifier: string): string | undefined {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : undefined;
}

/** Every source file of the folders in the table, tests left out. */
function sources(folder = "."): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = folder === "." ? name : `${folder}/${name}`;
    if (!Object.hasOwn(IMPORT_TABLE, topLevel(path))) continue;
    if (isDirectory) found.push(...sources(path));
    else if (/\.tsx?$/.test(name) && !name.endsWith("_test.ts")) found.push(path);
  }
  return found.sort();
}

/** The project's own files that run when `entry` runs, lazily loaded ones included. */
async function runtimeFiles(entry: string): Promise<Set<string>> {
  const { modules } = await moduleGraph(entry);
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const visit = (specifier: string) => {
    const path = relative(specifier);
    if (path === undefined || seen.has(path)) return;
    const module = bySpecifier.get(specifier);
    equal(module?.error, undefined, `${path}: ${module?.error}`);
    seen.add(path);
    for (const { code } of module?.dependencies ?? []) {
      if (code !== undefined) visit(code.specifier);
    }
  };
  visit(new URL(entry, ROOT).href);
  return seen;
}

/** Breaches of the import table in one file, from its own text: the graph drops imports of types. */
async function breaches(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  return Deno.lint.runPlugin(importTablePlugin, new URL(path, ROOT).pathname, text)
    .map(({ message }) => `${path}: ${message}`);
}

Deno.test("every folder imports only what the import table allows", async () => {
  const files = sources();
  ok(files.length > 50, `only ${files.length} files were looked at`);
  deepEqual((await Promise.all(files.map(breaches))).flat(), []);
});

Deno.test("every import in the module graphs of host, sidecar and relay keeps the table", async () => {
  const problems: string[] = [];
  let looked = 0;
  for (const entry of ["main.ts", "sidecar/main.ts", "sidecar/relay.ts"]) {
    for (const { specifier, dependencies, error } of (await moduleGraph(entry)).modules) {
      const from = relative(specifier);
      if (from === undefined) continue;
      equal(error, undefined, `${from}: ${error}`);
      for (const { code } of dependencies ?? []) {
        const to = code === undefined ? undefined : relative(code.specifier);
        if (to === undefined) continue;
        looked++;
        const problem = importProblem(topLevel(from), topLevel(to), false);
        if (problem !== undefined) problems.push(`${from} → ${to}: ${problem}`);
      }
    }
  }
  ok(looked > 100, `only ${looked} imports were looked at`);
  deepEqual([...new Set(problems)], []);
});

Deno.test("importProblem() finds a forbidden import, and a value where only types may be imported", () => {
  ok(importProblem("core", "sys", true));
  ok(importProblem("cli", "egress", false));
  ok(importProblem("egress", "manifest", false));
  equal(importProblem("egress", "manifest", true), undefined);
  equal(importProblem("sys", "core", false), undefined);
});

Deno.test("the lint rule reports a forbidden import of a core file, static, dynamic and re-exported", () => {
  const text = `import { a } from "../sys/log.ts";\nexport { b } from "../cli/app.ts";\n` +
    `const c = () => import("../egress/proxy.ts");\nimport type { D } from "../core/clock.ts";\n`;
  const found = Deno.lint.runPlugin(importTablePlugin, new URL("core/x.ts", ROOT).pathname, text);
  equal(found.length, 3);
});

Deno.test("the host program holds no TLS interception, and the sidecar no backend", async () => {
  const host = await runtimeFiles("main.ts");
  const sidecar = await runtimeFiles("sidecar/main.ts");
  const within = (files: Set<string>, folder: string) =>
    [...files].filter((path) => topLevel(path) === folder);
  ok(within(host, "backends").length > 0 && within(sidecar, "egress").length > 0);
  deepEqual(["egress", "sidecar"].flatMap((folder) => within(host, folder)), []);
  deepEqual(["backends", "providers", "cli"].flatMap((folder) => within(sidecar, folder)), []);
});

Deno.test("the relay depends on no package and on nothing of the project but the sidecar's folder", async () => {
  const { modules } = await moduleGraph("sidecar/relay.ts");
  for (const { specifier } of modules) {
    ok(
      specifier.startsWith(new URL("sidecar/", ROOT).href) || specifier.startsWith(
        new URL("core/", ROOT).href,
      ),
      specifier,
    );
  }
});
