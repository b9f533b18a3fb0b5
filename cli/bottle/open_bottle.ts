import { basename } from "node:path/posix";
import type { ExecOptions, ExecResult, RunningBottle } from "../../backends/backend.ts";
import type { CertifiedKey } from "../../core/certificate.ts";
import { ContractPath } from "../../core/contract_path.ts";
import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";
import type { EventFields } from "../../core/event.ts";
import type { ProbeReport } from "../../core/probe.ts";
import { deskBottle } from "../../supervise/bottle_desk.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import type { EventLog } from "../../sys/event_log.ts";
import type { ChosenBackend } from "../choose_backend.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { leaveSpare, takeAuthority } from "./authority.ts";
import { makeCanary } from "./canary.ts";
import { forgetHeads } from "./chain_heads.ts";
import { claimBottle } from "./claim.ts";
import { copyProject } from "./copy_project.ts";
import { fillHome } from "./fill_home.ts";
import { gitConfig } from "./git_config.ts";
import type { BottleLayout } from "./layout.ts";
import { type BottleRecord, recordText } from "./record.ts";
import { removeRunState } from "./remove_state.ts";
import { routesText, sidecarText, UPSTREAM_CA } from "./sidecar_files.ts";
import { SidecarNotices } from "./sidecar_notices.ts";
import { denoEnvironment, startSidecar } from "./sidecar_process.ts";
import type { BottleSpec } from "./spec.ts";

/** A bottle and its sidecar. Disposal ends both and removes what is not preserved. */
export interface OpenBottle extends AsyncDisposable {
  readonly running: RunningBottle;
  /** Runs the main command, with the probe before it, and records both ends. */
  attach(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

/** What is opened. */
export interface OpenRequest {
  readonly layout: BottleLayout;
  readonly record: BottleRecord;
  readonly spec: BottleSpec;
  /** Whether a bottle that is kept goes on, instead of a new one. */
  readonly resumed?: boolean;
  /** Host folder whose content is copied into the workspace. */
  readonly copyIn?: string;
  /**
   * Puts the files of a bottle that is resumed in order: called when nobody else can run the bottle any more, and
   * before anything of it is made.
   */
  readonly settle?: (signal: AbortSignal | undefined) => Promise<void>;
  /** Ends the copying. */
  readonly signal?: AbortSignal;
  /** Told that the sidecar ended while the command ran, and how: the bottle has no network any more. */
  readonly onSidecarLost?: (how: string) => void;
}

/**
 * Makes a bottle's folders and starts its sidecar and its walls side by side. The command waits for both: its
 * first instruction comes after the probe, and after the sidecar has accepted its configuration.
 * Whatever was made is undone when a later step throws.
 */
export async function openBottle(
  host: Host,
  backend: ChosenBackend,
  request: OpenRequest,
): Promise<OpenBottle> {
  const { layout, record, spec } = request;
  const home = bottleHome(host);
  await using made = new AsyncDisposableStack();
  const fresh = request.resumed !== true;
  made.use(claimBottle(layout, record.slug, fresh));
  if (fresh) forgetHeads(home, record.slug);
  else removeRunState(layout, true); // what a host that was killed left
  made.defer(() => removeRunState(layout, record.preserved));
  await request.settle?.(request.signal);
  makeFolders(layout, host.uid);
  // Before anything in the bottle runs: no link of the bottle's can lead the copy elsewhere.
  if (request.copyIn !== undefined) {
    await copyProject(host, request.copyIn, layout.workspace, request.signal);
  }
  // Later the home is the agent's: nothing is written through what it may have put there.
  if (fresh && spec.agent !== undefined) await fillHome(layout.home, spec.agent, home);
  const authority = await takeAuthority(home, host.clock.now());
  writeContract(layout, record.slug, spec, authority);
  const canary = makeCanary(host.random);
  const stopping = { yes: false };
  const makesKeys = spec.gate?.repos.some(({ key }) => key !== undefined && "variable" in key) ??
    false;
  const notices = new SidecarNotices(host.log);
  const sidecar = made.use(startSidecar({
    installation: host.installation,
    contract: layout.contract,
    sockets: layout.sockets,
    readable: identityFiles(spec),
    programs: spec.gate === undefined ? [] : Object.values(spec.gate.tools),
    makesKeys,
    env: {
      ...denoEnvironment(home),
      ...spec.sensitive,
      ...spec.tokens,
      BOT_BOTTLE_CANARY: canary.value,
    },
    onStderr: (line) => notices.take(line),
  }));
  replaceFile(layout.record, recordText(withToolchain(record, spec)), 0o600, { durable: false });
  // Loaded only now: the sidecar, which takes longest, is starting.
  const walls = backend.load().then((loaded) =>
    loaded.launch({
      slug: record.slug,
      stateDir: layout.state,
      socketDir: layout.sockets,
      caPem: authority.certificate,
      env: { ...spec.env, [canary.name]: canary.value },
      mounts: spec.mounts,
      ...(spec.agent?.toolchain === undefined ? {} : { toolchain: spec.agent.toolchain }),
      agentFiles: spec.agent?.fixed ?? {},
      limits: spec.limits,
      services: spec.services,
      // A forge has 30 s to make a key; the gate listens after that.
      ...(makesKeys ? { sidecarPatience: KEY_PATIENCE } : {}),
      gitConfig: gitConfig(spec.gitUser, spec.gate?.repos ?? []),
      relay: { deno: host.installation.deno, script: `${host.installation.dist}/relay.js` },
    })
  );
  const loadingEvents = Promise.all([
    import("../../sys/event_log.ts"),
    import("./note_heads.ts"),
  ]);
  const running = made.use(await walls);
  const [{ EventLog }, { noteHeads }] = await loadingEvents;
  const events = made.use(EventLog.open(layout.events, { clock: host.clock }));
  void sidecar.ended.then(({ code, signal }) => {
    if (stopping.yes || !sidecar.isReady()) return;
    const how = signal ?? `exit ${code}`;
    host.log.error(
      `the sidecar ended (${how}): bottle ${record.slug} has no network from now on`,
    );
    note(host, events, { type: "sidecar_lost", code, signal: signal ?? undefined });
    request.onSidecarLost?.(how);
  });
  // Noted where they stand, a line that goes missing shows; of a bottle that is not kept, nothing is noted.
  const noteChains = () => {
    if (!record.preserved) return;
    try {
      noteHeads(home, record.slug, layout);
    } catch (error) {
      host.log.debug(`the chains of events could not be noted: ${messageOf(error)}`);
    }
  };
  const noting = setInterval(noteChains, NOTE_EVERY);
  made.defer(() => clearInterval(noting));
  if (spec.services.includes("supervise")) {
    const [{ followExpiry }, { deskRecorder }] = await Promise.all([
      import("../../supervise/expiry.ts"),
      import("../../supervise/desk_events.ts"),
    ]);
    const desk = deskBottle(home, record.slug);
    made.use(followExpiry(desk, {
      clock: host.clock,
      record: deskRecorder(desk, host.clock),
      onProblem: (message) =>
        host.log.debug(`a route that has ended cannot be removed: ${message}`),
    }));
  }
  const undo = made.move();
  return {
    running,
    async attach(argv, options) {
      const refused = new AbortController();
      const signals = [refused.signal, ...(options.signal === undefined ? [] : [options.signal])];
      sidecar.ready.catch(() => refused.abort());
      const signal = AbortSignal.any(signals);
      const result = await running.attach(argv, { ...options, signal }, async (probe) => {
        note(host, events, started(record, probe));
        await sidecar.ready;
        notices.release();
        notices.hold();
      });
      await sidecar.ready; // a sidecar that refused its configuration is no bottle, and says why itself
      note(host, events, {
        type: "bottle_ended",
        code: result.code,
        ended: result.ended,
        reason: result.reason,
      });
      return result;
    },
    async [Symbol.asyncDispose]() {
      stopping.yes = true;
      // The records of deploy keys go as the sidecar revokes them: it has to be done before their folder is judged.
      if (makesKeys) await sidecar[Symbol.asyncDispose]();
      // All at once: the command has ended, so nothing in the bottle waits for the sidecar any more.
      await Promise.all([
        sidecar[Symbol.asyncDispose](),
        undo.disposeAsync(),
        leaveSpare(home, host.clock.now()),
      ]);
      noteChains();
      if (sidecar.isReady()) notices.release();
    },
  };
}

/** With the agent's CLI that runs now. */
function withToolchain(record: BottleRecord, { agent }: BottleSpec): BottleRecord {
  return agent?.toolchain === undefined
    ? record
    : { ...record, toolchain: basename(agent.toolchain) };
}

function makeFolders(layout: BottleLayout, uid: number): void {
  const { contract } = layout;
  for (
    const folder of [
      layout.home,
      layout.workspace,
      contract,
      `${contract}/config`,
      `${contract}/queue`,
      `${contract}/events`,
    ]
  ) Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const parent = layout.sockets.slice(0, layout.sockets.lastIndexOf("/"));
  Deno.mkdirSync(parent, { recursive: true, mode: 0o700 });
  // Below /tmp, anybody may have made the folder first.
  const { isSymlink, uid: owner, mode } = Deno.lstatSync(parent);
  if (isSymlink || owner !== uid || (mode! & 0o022) !== 0) {
    throw new BottleError(`Cannot keep sockets in ${parent}: others can write there`, {
      code: "unsafe_folder",
      exit: ExitCode.cannotStart,
      hint: `remove ${parent}, or set BOT_BOTTLE_HOME to a folder of your own`,
    });
  }
  Deno.mkdirSync(layout.sockets, { recursive: true, mode: 0o700 });
}

function writeContract(
  { contract, sockets }: BottleLayout,
  slug: string,
  spec: BottleSpec,
  authority: CertifiedKey,
): void {
  // Nobody reads before the sidecar starts, and a bottle does not outlive the machine: no sync is needed.
  const put = (name: string, text: string) =>
    replaceFile(`${contract}/${name}`, text, 0o600, { durable: false });
  put(ContractPath.sidecar, sidecarText(slug, sockets, spec));
  put(ContractPath.routes, routesText(spec));
  put(ContractPath.tokens, `${JSON.stringify(Object.keys(spec.tokens))}\n`);
  put(ContractPath.caCertificate, authority.certificate);
  put(ContractPath.caKey, authority.key);
  if (spec.upstreamCa !== undefined) put(UPSTREAM_CA, spec.upstreamCa);
  put(ContractPath.generation, "1\n");
}

/** Private keys that the operator keeps where the bottle's folder is not. */
function identityFiles({ gate }: BottleSpec): string[] {
  return (gate?.repos ?? []).flatMap(({ key }) => key?.provider === "static" ? [key.path] : []);
}

function started(record: BottleRecord, probe: ProbeReport): EventFields {
  return {
    type: "bottle_started",
    slug: record.slug,
    backend: record.backend,
    agent: record.agent,
    bottles: record.bottles,
    commit: record.commit,
    probe: {
      ok: probe.ok,
      took: probe.took,
      checks: probe.checks.map(({ what, expected, found }) => ({ what, expected, found })),
    },
  };
}

/** Milliseconds for a sidecar that makes deploy keys first. */
const KEY_PATIENCE = 45_000;

/** Milliseconds between two looks at where the chains of events stand. */
const NOTE_EVERY = 2000;

/** An event of the host's; a full disk is said and does not end a bottle that is already contained. */
function note(host: Host, events: EventLog, fields: EventFields): void {
  try {
    events.append(fields);
  } catch (error) {
    host.log.error(error instanceof Error ? error.message : String(error));
  }
}
