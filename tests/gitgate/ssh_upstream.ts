import { join } from "node:path/posix";
import { prepare } from "../integration/local_services.ts";

/** A real sshd on loopback with one throw-away key, serving the bare repositories below `root`. */
export interface SshUpstream extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** Public host key, as a manifest has it. */
  readonly hostKey: string;
  readonly identityFile: string;
  /** `ssh://…` of a repository below `root`. */
  url(name: string): string;
}

const SSHD = "/usr/sbin/sshd";

/** Whether Debian's openssh-server is here. */
export function hasSshd(): boolean {
  try {
    return Deno.statSync(SSHD).isFile;
  } catch {
    return false;
  }
}

/** Starts sshd. Give `port` to start it again where another one was, `hostKey: true` for a new host key then. */
export async function startSshd(
  folder: string,
  root: string,
  again: { readonly port?: number; readonly newHostKey?: boolean } = {},
): Promise<SshUpstream> {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const user = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? "root";
  const [host, identity] = [join(folder, "host_key"), join(folder, "identity")];
  if (again.newHostKey) Deno.removeSync(host);
  for (const path of [host, identity]) {
    if (exists(path)) continue;
    await prepare("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path], folder);
  }
  const port = again.port ?? freePort();
  // The forced command serves git and nothing else, as a forge does.
  const authorized = `restrict,command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"" ${
    Deno.readTextFileSync(`${identity}.pub`)
  }`;
  Deno.writeTextFileSync(join(folder, "authorized_keys"), authorized, { mode: 0o600 });
  Deno.writeTextFileSync(
    join(folder, "sshd_config"),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${host}`,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "PidFile none",
      "MaxStartups 100",
      "LogLevel ERROR",
      "",
    ].join("\n"),
  );
  if (Deno.uid() === 0) Deno.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const process = new Deno.Command(SSHD, {
    args: ["-D", "-e", "-f", join(folder, "sshd_config")],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await untilListening(port);
  return {
    port,
    user,
    hostKey: Deno.readTextFileSync(`${host}.pub`).trim().split(" ").slice(0, 2).join(" "),
    identityFile: identity,
    url: (name) => `ssh://${user}@127.0.0.1:${port}${join(root, name)}`,
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
    },
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until somebody listens on a loopback port. */
export async function untilListening(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (tries > 600) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
