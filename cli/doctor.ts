import { messageOf } from "../core/errors.ts";
import { allBackends } from "./choose_backend.ts";
import type { CliContext, Host } from "./context.ts";
import type { DoctorFlags } from "./doctor_command.ts";
import { bottleHome } from "./home.ts";

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** The exact command that mends it. */
  readonly mend?: string;
}

/** `bot-bottle doctor`: exit code 1 when something is missing that a bottle needs. */
export async function doctor(this: CliContext, flags: DoctorFlags): Promise<void> {
  const { host, process } = this;
  const findings = [
    ...await backendFindings(host),
    denoFinding(),
    ...programFindings(host),
    homeFinding(host),
    await networkFinding(),
  ];
  if (flags.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    for (const { what, ok, found, mend } of findings) {
      process.stdout.write(`${ok ? "ok     " : "missing"}  ${what}: ${found}\n`);
      if (!ok && mend !== undefined) process.stdout.write(`         mend: ${mend}\n`);
    }
  }
  if (findings.some(({ ok }) => !ok)) this.exitWith(1);
}

async function backendFindings(host: Host): Promise<Finding[]> {
  return await Promise.all((await allBackends(host)).map(async (backend) => {
    const { ok, version, reason, mend } = await backend.available();
    return {
      what: `backend ${backend.name}`,
      ok,
      found: reason ?? version ?? (ok ? "works" : "does not work"),
      ...(mend === undefined ? {} : { mend }),
    };
  }));
}

function denoFinding(): Finding {
  return { what: "Deno", ok: true, found: `${Deno.version.deno} at ${Deno.execPath()}` };
}

function programFindings({ installation }: Host): Finding[] {
  return ["bot-bottle-sidecar.js", "relay.js"].map((name) => {
    const path = `${installation.dist}/${name}`;
    try {
      Deno.statSync(path);
      return { what: name, ok: true, found: path };
    } catch (error) {
      return { what: name, ok: false, found: messageOf(error), mend: "scripts/build" };
    }
  });
}

function homeFinding(host: Host): Finding {
  const home = bottleHome(host);
  try {
    Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
    const { mode } = Deno.statSync(home);
    const shared = (mode! & 0o022) !== 0;
    return {
      what: "folder",
      ok: !shared,
      found: shared ? `${home} can be written by others` : home,
      ...(shared ? { mend: `chmod go-w ${home}` } : {}),
    };
  } catch (error) {
    return { what: "folder", ok: false, found: messageOf(error), mend: `mkdir -m 700 -p ${home}` };
  }
}

/** The host program itself must not reach any network. */
async function networkFinding(): Promise<Finding> {
  const { state } = await Deno.permissions.query({ name: "net" });
  const ok = state === "denied";
  return {
    what: "network of the host program",
    ok,
    found: ok ? "denied, as it must be" : `permission is ${state}`,
    ...(ok ? {} : { mend: "start it as ./bot-bottle" }),
  };
}
