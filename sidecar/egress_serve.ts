import { join } from "node:path/posix";
import { createAuthority } from "../core/certificate.ts";
import { ContractPath } from "../core/contract_path.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import { optionValue, parseArguments, requiredValue, usage } from "./arguments.ts";
import { readText } from "./read_contract.ts";
import { serve, type ServeOptions } from "./serve.ts";
import { watchFile } from "../sys/watch_file.ts";
import { parseRoutesFile } from "../egress/routes_file.ts";

/**
 * `egress-serve`: the proxy alone on a loopback port, with `--dir` as its contract directory. The routes file is
 * followed: an edit of it is a reload.
 */
export async function egressServe(
  args: readonly string[],
  options: Omit<ServeOptions, "dir">,
): Promise<void> {
  const parsed = parseArguments(args, [
    "--routes",
    "--dir",
    "--port",
    "--upstream-ca",
    "--log",
    "--host",
  ], ["--auth"]);
  const routes = requiredValue(parsed, "--routes");
  const dir = requiredValue(parsed, "--dir");
  const port = Number(optionValue(parsed, "--port") ?? "0");
  const log = Number(optionValue(parsed, "--log") ?? "2");
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw usage("Option --port needs a number from 0 to 65535");
  }
  if (![0, 1, 2].includes(log)) throw usage("Option --log needs 0, 1 or 2");
  // Checked under its own name first, so that a message names the file that the operator wrote.
  parseRoutesFile(readText(routes), routes, options.token);
  for (const folder of ["config", "queue", "events"]) {
    Deno.mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  }
  const upstreamCa = optionValue(parsed, "--upstream-ca");
  const config = {
    version: 1,
    slug: "egress-serve",
    listeners: { egress: { tcp: { host: "127.0.0.1", port } } },
    egress: {
      log,
      auth: parsed.options.has("--auth"),
      ...(upstreamCa === undefined ? {} : { upstream_ca: upstreamCa }),
      hosts: fixedHosts(parsed.options.get("--host") ?? []),
    },
    exit_on_stdin_eof: false,
  };
  write(dir, ContractPath.sidecar, JSON.stringify(config, null, 2));
  write(dir, ContractPath.routes, readText(routes));
  keepAuthority(dir);
  let generation = 1;
  write(dir, ContractPath.generation, String(generation));
  using _watch = watchFile(routes, () => {
    try {
      write(dir, ContractPath.routes, readText(routes));
      write(dir, ContractPath.generation, String(++generation));
    } catch (error) {
      options.warn(
        `the routes file cannot be read, the last good one stays: ${(error as Error).message}`,
      );
    }
  });
  await serve({ ...options, dir });
}

/** `--host NAME=ADDRESS`, as `egress.hosts` in a manifest. */
function fixedHosts(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) throw usage(`Option --host needs NAME=ADDRESS, not ${JSON.stringify(pair)}`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  }));
}

/** A CA that clients already trust is kept over restarts. */
function keepAuthority(dir: string): void {
  try {
    Deno.lstatSync(join(dir, ContractPath.caCertificate));
    Deno.lstatSync(join(dir, ContractPath.caKey));
  } catch {
    const { certificate, key } = createAuthority("bot-bottle CA egress serve", new Date());
    write(dir, ContractPath.caKey, key);
    write(dir, ContractPath.caCertificate, certificate);
  }
}

function write(dir: string, path: string, text: string): void {
  replaceFile(join(dir, path), text, 0o600);
}
