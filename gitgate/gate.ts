import { join } from "node:path/posix";
import { ApprovalBook } from "./approval.ts";
import { advertiseFetch, serveFetch } from "./fetch.ts";
import { GateFault } from "./gate_fault.ts";
import type { Gate, GateListen, GateOptions } from "./gate_options.ts";
import { GitRunner } from "./git/git_runner.ts";
import { Mirror } from "./git/mirror.ts";
import { knownHostsLine, upstreamAccess } from "./git/upstream.ts";
import { ByteBudget } from "./http/byte_budget.ts";
import { HttpRefusal } from "./http/request_head.ts";
import type { Reply } from "./http/reply.ts";
import { type GateRequest, HttpServer } from "./http/server.ts";
import { Lane } from "./lane.ts";
import { privateFolder } from "./private_folder.ts";
import type { PushContext } from "./push.ts";
import { advertisePush, servePush } from "./serve_push.ts";
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type RepoConfig } from "./repo_config.ts";
import { PushScanner } from "./scan/push_scanner.ts";
import { writeTrustFile } from "./trust_file.ts";

export type { Gate, GateListen, GateOptions, GateTools } from "./gate_options.ts";

/** How long after the start gitleaks is asked what it is, unless a push needs it before, in milliseconds. */
const PREPARE_AFTER = 500;
/** Fetch requests of the largest size that are held in memory at once. */
const REQUESTS = 4;

/**
 * Starts the gate: `http://…/<name>.git` for every repository, and nothing else. Mirrors are made when they are first
 * asked for. What an earlier gate left unfinished in the folder is removed.
 *
 * @throws BottleError when the folder is not private; Deno.errors.* when the address cannot be listened on.
 */
export async function startGate(options: GateOptions): Promise<Gate> {
  const { dir, repos, tools, onDefect } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  for (const folder of [dir, join(dir, "home"), join(dir, "mirrors"), join(dir, "quarantine")]) {
    privateFolder(folder);
  }
  const quarantines = join(dir, "quarantine");
  emptyFolder(quarantines);
  const trustFile = options.trustRoots === undefined
    ? undefined
    : writeTrustFile(join(dir, "trust.pem"), options.trustRoots);
  const git = new GitRunner(tools.git, join(dir, "home"));
  const scanner = new PushScanner({
    gitleaks: tools.gitleaks,
    folder: dir,
    knownSecrets: options.knownSecrets,
    limits,
    timeouts,
  });
  const approvals = new ApprovalBook(options.approvals, timeouts.allow);
  const requests = new ByteBudget(REQUESTS * limits.request_bytes);
  const contextOf = (repo: RepoConfig): PushContext => {
    const knownHosts = join(dir, `${repo.name}.known_hosts`);
    Deno.writeTextFileSync(knownHosts, knownHostsLine(repo), { mode: 0o600 });
    const access = () =>
      upstreamAccess(repo, {
        ssh: tools.ssh,
        knownHosts,
        token: repo.tokenRef === undefined ? undefined : options.token(repo.tokenRef),
        trustFile,
        proxy: options.upstreamProxy,
        address: options.hosts?.get(new URL(repo.url).hostname),
      });
    const path = join(dir, "mirrors", `${repo.name}.git`);
    const mirror = new Mirror({ repo, path, git, access, timeouts });
    const { record } = options;
    return {
      mirror,
      lane: new Lane(),
      quarantines,
      scanner,
      approvals,
      limits,
      timeouts,
      requests,
      record,
      onDefect,
    };
  };
  const contexts = new Map(repos.map((repo) => [repo.name, contextOf(repo)]));
  const listener = listen(options.listen);
  const server = new HttpServer({
    listener,
    connections: limits.connections,
    idle: timeouts.idle,
    onDefect,
    handler: (request, reply) => handle(contexts, options, request, reply),
  });
  // A missing gitleaks is said to whoever pushes, and to the operator then.
  let prepared: Promise<unknown> | undefined;
  // A little later: the bottle's first instruction needs the processor now. A push prepares it by itself.
  const preparing = setTimeout(
    () => prepared = scanner.prepare().catch(() => undefined),
    PREPARE_AFTER,
  );
  let closed = false;
  const close = async () => {
    clearTimeout(preparing);
    await server[Symbol.asyncDispose]();
    await prepared;
    if (closed) return;
    closed = true;
    if ("unix" in options.listen) removeSocket(options.listen.unix);
  };
  return await Promise.resolve({
    port: listener.addr.transport === "tcp" ? listener.addr.port : 0,
    async drain(ms) {
      await server.drain(ms);
      await close();
    },
    [Symbol.asyncDispose]: close,
  });
}

function listen(address: GateListen): Deno.Listener {
  if (!("unix" in address)) return Deno.listen({ hostname: address.host, port: address.port });
  try {
    // One that a killed gate left behind would make listening fail; nothing else may stand there.
    if (Deno.lstatSync(address.unix).isSocket) Deno.removeSync(address.unix);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return Deno.listen({ transport: "unix", path: address.unix }) as unknown as Deno.Listener;
}

function emptyFolder(path: string): void {
  for (const { name } of Deno.readDirSync(path)) {
    Deno.removeSync(join(path, name), { recursive: true });
  }
}

/** Paths of the protocol, and no others: the older one that fetches single files is not spoken. */
const TARGET =
  /^\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;

async function handle(
  contexts: ReadonlyMap<string, PushContext>,
  { record }: GateOptions,
  request: GateRequest,
  reply: Reply,
): Promise<void> {
  const found = TARGET.exec(request.path);
  const context = found === null ? undefined : contexts.get(found[1]!);
  if (found === null || context === undefined) {
    throw new HttpRefusal(
      404,
      `there is no such repository; there are: ${[...contexts.keys()].join(", ")}`,
    );
  }
  const name = context.mirror.repo.name;
  const asked = `${request.method} ${found[2]}${request.query === "" ? "" : `?${request.query}`}`;
  try {
    switch (asked) {
      case "GET info/refs?service=git-upload-pack":
        await advertiseFetch(context, request, reply);
        return;
      case "GET info/refs?service=git-receive-pack":
        return await advertisePush(context, reply);
      case "POST git-upload-pack":
        return await serveFetch(context, request, reply);
      case "POST git-receive-pack":
        return await servePush(context, request, reply);
    }
  } catch (error) {
    if (!(error instanceof GateFault) || reply.sent) throw error;
    record({
      type: "git_unavailable",
      repo: name,
      rule: error.code,
      reason: error.message,
      ...(error.detail === undefined ? {} : { detail: error.detail.slice(-1000) }),
    });
    return await reply.text(502, `git-gate: ${error.message}`);
  }
  if (request.method !== (found[2] === "info/refs" ? "GET" : "POST")) {
    throw new HttpRefusal(405, "this method is not answered here");
  }
  throw new HttpRefusal(404, "only smart HTTP is spoken here: fetch and push with git");
}

/** The host may have removed the whole folder by now. */
function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
