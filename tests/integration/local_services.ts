import { join } from "node:path/posix";
import type { TestAuthority } from "../support/test_authority.ts";
import { gitHttpBackend } from "../../scripts/demo/git_http_backend.ts";

/** A TLS server of this test on loopback; disposal stops it. */
export interface LocalService extends AsyncDisposable {
  readonly port: number;
}

/** Serves `host` over TLS with a certificate of `authority`. */
export function serveTls(
  authority: TestAuthority,
  host: string,
  handler: (request: Request) => Response | Promise<Response>,
): LocalService {
  const { certificate, key } = authority.leaf(host);
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: certificate,
    key,
    onListen: () => {},
  }, handler);
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Answers with what arrived, as JSON. */
export async function echoService(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  return Response.json({
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  });
}

/** git's own smart-HTTP server (git-http-backend(1)) over the repositories in `root`. */
export function gitService(root: string): (request: Request) => Promise<Response> {
  return (request) => gitHttpBackend(request, root, new URL(request.url).pathname);
}

/** Runs a host program for a test's own preparation; throws with its stderr when it fails. */
export async function prepare(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env,
    stdin: "null",
  }).output();
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** A registry with one plain and one scoped package (npm asks for the latter as `@scope%2fname`). */
export async function npmService(
  folder: string,
  origin: () => string,
): Promise<(request: Request) => Response> {
  const tarballs = new Map<string, Uint8Array<ArrayBuffer>>();
  const packuments = new Map<string, (base: string) => unknown>();
  for (const name of ["plain-package", "@scope/scoped-package"]) {
    const short = name.replace("@scope/", "");
    const source = join(folder, short, "package");
    await Deno.mkdir(source, { recursive: true });
    await Deno.writeTextFile(
      join(source, "package.json"),
      JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
    );
    await Deno.writeTextFile(
      join(source, "index.js"),
      `module.exports = ${JSON.stringify(`${name} works`)};\n`,
    );
    await prepare("tar", ["-czf", "package.tgz", "package"], join(folder, short));
    const tarball = await Deno.readFile(join(folder, short, "package.tgz"));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", tarball));
    const integrity = `sha512-${btoa(String.fromCharCode(...digest))}`;
    tarballs.set(`/files/${short}-1.0.0.tgz`, tarball);
    packuments.set(`/${name}`, (base) => ({
      name,
      "dist-tags": { latest: "1.0.0" },
      versions: {
        "1.0.0": {
          name,
          version: "1.0.0",
          dist: { tarball: `${base}/files/${short}-1.0.0.tgz`, integrity },
        },
      },
    }));
  }
  return (request) => {
    const { pathname } = new URL(request.url);
    const tarball = tarballs.get(pathname);
    if (tarball !== undefined) return new Response(tarball);
    const packument = packuments.get(decodeURIComponent(pathname));
    return packument === undefined
      ? new Response("no such package", { status: 404 })
      : Response.json(packument(origin()));
  };
}

/** A simple index (PEP 503) with one pure wheel, made with Python's own zipfile. */
export async function pypiService(folder: string): Promise<(request: Request) => Response> {
  const wheel = "demo_package-1.0.0-py3-none-any.whl";
  const script = [
    "import sys, zipfile",
    "with zipfile.ZipFile(sys.argv[1], 'w') as z:",
    "    z.writestr('demo_package.py', 'works = True\\n')",
    "    d = 'demo_package-1.0.0.dist-info/'",
    "    z.writestr(d + 'METADATA', 'Metadata-Version: 2.1\\nName: demo-package\\nVersion: 1.0.0\\n')",
    "    z.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
    "    z.writestr(d + 'RECORD', '')",
  ].join("\n");
  await prepare("/usr/bin/python3", ["-c", script, join(folder, wheel)], folder);
  const bytes = await Deno.readFile(join(folder, wheel));
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/simple/demo-package/") {
      return new Response(`<!DOCTYPE html><a href="/files/${wheel}">${wheel}</a>`, {
        headers: { "content-type": "text/html" },
      });
    }
    return pathname === `/files/${wheel}`
      ? new Response(bytes)
      : new Response("no", { status: 404 });
  };
}
