import { join } from "node:path";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type { BottlePlan, ResourceLimits } from "../backend.ts";
import { BottlePath, SERVICES } from "../bottle_paths.ts";
import { bottleEnvironment } from "../environment.ts";
import nodeProxy from "../node-proxy.cjs" with { type: "text" };
import { type Bind, bwrapArguments, type Walls } from "./arguments.ts";
import type { PreparedBottle } from "./bottle.ts";
import { cgroupName } from "./cgroup.ts";
import { makeCgroups, removeCgroups } from "./cgroup_folders.ts";
import { mountBinds, relayBinds, rootEntries, toolchainBinds, writeEtc } from "./host_binds.ts";
import type { HostShell } from "./host_shell.ts";
import { agentHostUid } from "./identity.ts";
import type { RunRecord } from "./run_record.ts";
import type { SandboxOrder } from "./sandbox.ts";
import { INIT_SCRIPT, withDefaultSignals } from "./scripts.ts";
import { seccompProgram } from "./seccomp.ts";
import { countsProcessesPerNamespace, parseSurvey, SURVEY_SCRIPT } from "./survey.ts";
import type { Architecture } from "./syscalls.ts";

/** What launch works with. */
export interface LaunchContext {
  readonly bwrap: string;
  readonly shell: string;
  readonly hostShell: HostShell;
  /** 0 for root. */
  readonly uid: number;
  readonly architecture: Architecture;
  readonly home: string;
  readonly operatorHome: string;
  /** Instead of the addresses that the survey finds. */
  readonly hostAddresses: (() => readonly string[]) | undefined;
  readonly hasTerminal: () => boolean;
  readonly grace: number;
  readonly freeFloorBytes: number;
}

const GIBIBYTE = 1024 ** 3;
const DEFAULT_PIDS = 1024;
const DEFAULT_DISK_BYTES = 10 * GIBIBYTE;
const OPEN_FILES = 65_536;
const TMP_BYTES = 2 * GIBIBYTE;

/** Limits with every default filled in; memory is 8 GiB, or three quarters of a smaller machine. */
export function effectiveLimits(
  limits: ResourceLimits,
  machineBytes: number,
): Required<Omit<ResourceLimits, "cpus">> & Pick<ResourceLimits, "cpus"> {
  const most = machineBytes > 0 ? Math.floor(machineBytes * 0.75) : 8 * GIBIBYTE;
  return {
    memoryBytes: limits.memoryBytes ?? Math.min(8 * GIBIBYTE, most),
    pids: limits.pids ?? DEFAULT_PIDS,
    diskBytes: limits.diskBytes ?? DEFAULT_DISK_BYTES,
    ...(limits.cpus === undefined ? {} : { cpus: limits.cpus }),
  };
}

/** Root's part: a bottle's files and its socket folder belong to its agent. */
const OWN_SCRIPT = `
owner=$1 sockets=$2
shift 2
chown "$owner:$owner" "$sockets" && exec chown -hR "$owner:$owner" "$@"
`;

/** Prepares folders, files, owner, cgroups and the run record of a bottle; nothing runs yet. */
export async function prepareBottle(
  plan: BottlePlan,
  context: LaunchContext,
): Promise<PreparedBottle> {
  const home = join(plan.stateDir, "home");
  const workspace = join(plan.stateDir, "workspace");
  const walls = join(plan.stateDir, "walls");
  const environment = bottleEnvironment(plan);
  const surveying = context.hostShell(SURVEY_SCRIPT);
  await Deno.remove(walls, { recursive: true }).catch(() => {});
  for (const folder of [home, workspace]) {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const etc = await writeEtc(plan, join(walls, "etc"));
  await Deno.writeTextFile(join(walls, "node-proxy.cjs"), nodeProxy);
  await Deno.mkdir(join(walls, "own"));
  const own = ["deno", "node-proxy.cjs", "relay.js"];
  for (const name of own) await Deno.writeTextFile(join(walls, "own", name), "");
  await Deno.mkdir(join(walls, "own", "sockets"));
  await Deno.mkdir(join(walls, "own", "agent"));
  for (const [name, text] of Object.entries(plan.agentFiles ?? {})) {
    await Deno.writeTextFile(join(walls, "own", "agent", name), text);
  }
  await Deno.mkdir(join(walls, "own", "relay"));

  const survey = parseSurvey((await surveying).stdout, context.uid === 0);
  if (survey === null) throw cannotStart("the process table in /proc cannot be read");
  const hostUid = context.uid === 0 ? agentHostUid(plan.slug) : null;
  const owning = hostUid === null
    ? undefined
    : context.hostShell(OWN_SCRIPT, String(hostUid), plan.socketDir, home, workspace);
  const limits = effectiveLimits(plan.limits, survey.memoryBytes);
  const cgroups = await makeCgroups(
    cgroupName(context.home, plan.slug),
    limits,
    survey.cgroups,
    context.hostShell,
  );
  const record: RunRecord = {
    backend: "bubblewrap",
    slug: plan.slug,
    host: survey.self,
    cgroups: cgroups.folders,
  };
  const recordPath = join(plan.stateDir, "run.json");
  const dispose = async () => {
    const gone = await removeCgroups(context.hostShell, cgroups.folders);
    await Deno.remove(walls, { recursive: true }).catch(() => {});
    // What could not be removed stays recorded, so that it is found again.
    if (gone) await Deno.remove(recordPath).catch(() => {});
  };
  try {
    const owned = await owning;
    if (owned !== undefined && owned.code !== 0) throw cannotStart(owned.stderr.trim());
    await Deno.writeTextFile(recordPath, JSON.stringify(record), { mode: 0o600 });
    const relay = relayBinds(plan.relay.script);
    const binds: Bind[] = [
      { from: home, to: BottlePath.home, writable: true },
      { from: workspace, to: BottlePath.workspace, writable: true },
      ...etc,
      { from: join(walls, "own"), to: BottlePath.own, writable: false },
      { from: Deno.realPathSync(plan.relay.deno), to: BottlePath.deno, writable: false },
      { from: join(walls, "node-proxy.cjs"), to: BottlePath.nodeProxy, writable: false },
      { from: plan.socketDir, to: BottlePath.sockets, writable: false },
      ...relay.binds,
      ...toolchainBinds(plan),
      ...await mountBinds(plan, context.operatorHome, context.home),
    ];
    const wallsOf = (cwd: string): Walls => ({
      slug: plan.slug,
      mappedByHost: hostUid !== null,
      rootEntries: rootEntries(),
      binds,
      tmpBytes: Math.min(TMP_BYTES, limits.memoryBytes),
      cwd,
    });
    const hostAddresses = context.hostAddresses?.() ?? survey.addresses;
    const services = SERVICES
      .filter(({ name }) => name === "egress" || plan.services.includes(name))
      .map(({ port, socket }) => ({ port, socket: `${BottlePath.sockets}/${socket}` }));
    const { sidecarPatience } = plan;
    const relayPlan = JSON.stringify({ services, hostAddresses, sidecarPatience });
    const perNamespace = hostUid !== null || countsProcessesPerNamespace(survey.kernel);
    const first = [
      ...(hostUid === null ? [] : STEP_DOWN),
      ...["/bin/sh", "-c", INIT_SCRIPT, "init", BottlePath.deno, relay.script, BottlePath.sockets],
      String(OPEN_FILES),
      perNamespace ? String(limits.pids) : "",
      cgroups.limited.memory ? "" : String(Math.floor(limits.memoryBytes / 1024)),
      String(Math.floor(limits.diskBytes / 512)),
    ];
    const seccomp = seccompProgram(context.architecture);
    const order: PreparedBottle["order"] = (argv, cwd, extra, mode): SandboxOrder => ({
      shell: context.shell,
      bwrap: context.bwrap,
      arguments: bwrapArguments(wallsOf(cwd)),
      seccomp,
      first,
      enter: cgroups.enter,
      hostUid,
      socketDir: plan.socketDir,
      relayPlan,
      ...(sidecarPatience === undefined ? {} : { sidecarPatience }),
      environment: Object.keys(extra).length === 0
        ? environment
        : bottleEnvironment({ ...plan, env: { ...plan.env, ...extra } }),
      argv: withDefaultSignals(argv, survey.resetsSignals),
      mode,
    });
    return {
      plan,
      hostShell: context.hostShell,
      order,
      agentUid: hostUid,
      writableFolders: [home, workspace],
      diskBytes: limits.diskBytes,
      freeFloorBytes: context.freeFloorBytes,
      grace: context.grace,
      hasTerminal: context.hasTerminal,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** From the user namespace's root to the agent, for good: no capability can come back. */
const STEP_DOWN = [
  "/usr/bin/setpriv",
  "--reuid=1000",
  "--regid=1000",
  "--clear-groups",
  "--inh-caps=-all",
  "--ambient-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
  "--",
];

function cannotStart(why: string): BottleError {
  return new BottleError(`Cannot start the bottle: ${why}`, {
    code: "cannot_start",
    exit: ExitCode.cannotStart,
    hint: "run `bot-bottle doctor`",
  });
}
