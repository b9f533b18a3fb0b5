import { deepEqual, equal, ok } from "node:assert/strict";
import { buildScanner } from "../../dlp/scanner.ts";
import { strictest } from "../../dlp/finding.ts";
import {
  benignCache,
  type Document,
  documents,
  holdsPrivateKey,
  run,
  unpackedPackage,
} from "./benign_set.ts";

/**
 * Source, minified code, source maps, types, icons, recorded calls of a forge, clients of model providers, fonts, and
 * libraries that handle keys and seed phrases.
 */
const PACKAGES = {
  "@fortawesome/fontawesome-free": "7.3.1",
  "@mdi/svg": "7.4.47",
  "@octokit/fixtures": "23.1.2",
  "@types/node": "26.6.6",
  "bip39": "3.1.2",
  "highlight.js": "11.12.0",
  "jose": "6.2.18",
  "leaflet": "1.9.4",
  "openai": "6.49.0",
  "react-dom": "19.3.1",
  "ssh2": "1.17.0",
  "stripe": "23.1.0",
  "swagger-ui-dist": "5.35.0",
};

const scanner = buildScanner();

function isBlocked({ bytes }: Document): boolean {
  return strictest(scanner.scan(bytes).matches) === "block";
}

async function folders(): Promise<string[]> {
  const found: string[] = [];
  for (const [name, version] of Object.entries(PACKAGES)) {
    found.push(await unpackedPackage(name, version));
  }
  return found;
}

/** Text that npm made, kept with the packages so that it is asked for once. */
async function kept(name: string, make: () => Promise<Uint8Array>): Promise<Document> {
  const path = `${benignCache()}/${name}`;
  try {
    return { path, bytes: await Deno.readFile(path) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const bytes = await make();
  await Deno.mkdir(benignCache(), { recursive: true });
  await Deno.writeFile(path, bytes);
  return { path, bytes };
}

Deno.test("at most one of 10,000 files of npm packages is blocked, and private keys always", async () => {
  let many = 0, bytes = 0, keys = 0;
  const blocked: string[] = [], missed: string[] = [];
  for (const folder of await folders()) {
    for (const document of documents(folder)) {
      many++;
      bytes += document.bytes.length;
      if (holdsPrivateKey(document)) {
        keys++;
        if (!isBlocked(document)) missed.push(document.path);
      } else if (isBlocked(document)) blocked.push(document.path);
    }
  }
  ok(bytes >= 50_000_000, `${bytes} bytes`);
  ok(many >= 10_000, `${many} documents`);
  ok(keys >= 10, `${keys} keys`);
  ok(blocked.length * 10_000 <= many, `${blocked.length} of ${many}: ${blocked.join(" ")}`);
  deepEqual(missed, []);
});

Deno.test("no lock file is blocked", async () => {
  const lock = await kept("package-lock.json", async () => {
    const work = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(
        `${work}/package.json`,
        JSON.stringify({
          name: "locked",
          version: "1.0.0",
          dependencies: { express: "5", webpack: "5", eslint: "10" },
        }),
      );
      await run(
        "npm",
        ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"],
        work,
      );
      return await Deno.readFile(`${work}/package-lock.json`);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  });
  ok(lock.bytes.length > 50_000, `${lock.bytes.length} bytes`);
  const own = new URL("../../deno.lock", import.meta.url).pathname;
  for (const document of [lock, { path: own, bytes: await Deno.readFile(own) }]) {
    deepEqual(scanner.scan(document.bytes).matches, [], document.path);
  }
});

Deno.test("no registry metadata is blocked", async () => {
  for (const name of ["express", "react", "typescript", "webpack", "aws-sdk"]) {
    const metadata = await kept(
      `${name}.metadata.json`,
      () => run("npm", ["view", name, "--json"]),
    );
    ok(metadata.bytes.length > 5_000, name);
    deepEqual(scanner.scan(metadata.bytes).matches, [], name);
  }
});

Deno.test("no git pack is blocked", async () => {
  const work = await Deno.makeTempDir();
  try {
    const git = (...args: string[]) =>
      run("git", ["-c", "user.name=Example", "-c", "user.email=user@example.com", ...args], work);
    await git("init", "-q");
    for (const name of ["@octokit/fixtures", "openai", "leaflet"] as const) {
      await run("cp", [
        "-r",
        await unpackedPackage(name, PACKAGES[name]),
        `${work}/${name.at(-1)}`,
      ]);
      await git("add", "-A", "-f");
      await git("commit", "-q", "-m", `Add ${name}`);
    }
    for (const delta of ["--window=0", "--window=10"]) {
      const bytes = await git("pack-objects", "--all", "--stdout", "-q", delta);
      ok(bytes.length > 1_000_000);
      equal(isBlocked({ path: "pack", bytes }), false);
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});

Deno.test("no image and no font is blocked", async () => {
  let images = 0;
  for (const folder of await folders()) {
    for (const document of documents(folder)) {
      if (!/\.(?:png|jpe?g|gif|ico|woff2?|ttf|svg)$/.test(document.path)) continue;
      images++;
      equal(isBlocked(document), false, document.path);
    }
  }
  ok(images >= 5_000, `${images}`);
});
