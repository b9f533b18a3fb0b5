import { join } from "node:path";
import type { Backend, BottlePlan, ExecResult, RunningBottle } from "../../backends/backend.ts";

/** A backend under test, and where its bottles live. */
export interface Subject {
  readonly backend: Backend;
  readonly home: string;
}

/** A bottle of a test, with a sidecar that answers every connection with what it was sent. */
export interface TestBottle extends AsyncDisposable {
  readonly bottle: RunningBottle;
  readonly plan: BottlePlan;
  readonly stateDir: string;
  /** Runs a shell script in the bottle and captures its output. */
  sh(script: string, env?: Readonly<Record<string, string>>): Promise<ExecResult>;
  /** Takes the sidecar away. */
  stopSidecar(): void;
}

/** The text of a certificate that is none: walls do not read it. */
export const CA_PEM = [
  "-----BEGIN CERTIFICATE-----",
  "Ym90dGxl",
  "-----END CERTIFICATE-----",
  "",
].join("\n");

const SOURCE_RELAY = new URL("../../sidecar/relay.ts", import.meta.url).pathname;

/** A sidecar that sends back what it receives, on one unix socket. */
export function echoSidecar(path: string): Disposable {
  const listener = Deno.listen({ transport: "unix", path });
  const open = new Set<Deno.Conn>();
  const serve = async (conn: Deno.Conn) => {
    open.add(conn);
    try {
      const buffer = new Uint8Array(65536);
      for (;;) {
        const count = await conn.read(buffer);
        if (count === null) break;
        for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
      }
      await conn.closeWrite();
    } catch {
      // The client is gone.
    } finally {
      open.delete(conn);
      try {
        conn.close();
      } catch {
        // Disposed.
      }
    }
  };
  void (async () => {
    try {
      for (;;) void serve(await listener.accept());
    } catch {
      // Disposed.
    }
  })();
  return {
    [Symbol.dispose]() {
      listener.close();
      for (const conn of open) {
        try {
          conn.close();
        } catch {
          // It closed itself.
        }
      }
      try {
        Deno.removeSync(path);
      } catch {
        // Closing removed it.
      }
    },
  };
}

let count = 0;

/** Launches a bottle with an echo sidecar; disposal ends both. */
export async function openTestBottle(
  subject: Subject,
  overrides: Partial<BottlePlan> = {},
): Promise<TestBottle> {
  const slug = overrides.slug ?? `t${Deno.pid}-${++count}`;
  const stateDir = join(subject.home, "state", slug);
  const socketDir = join(stateDir, "sockets");
  await Deno.mkdir(socketDir, { recursive: true, mode: 0o700 });
  const sidecar = echoSidecar(join(socketDir, "egress.sock"));
  const plan: BottlePlan = {
    slug,
    stateDir,
    socketDir,
    caPem: CA_PEM,
    env: {},
    mounts: [],
    limits: {},
    services: [],
    gitConfig: "",
    relay: { deno: Deno.execPath(), script: SOURCE_RELAY },
    ...overrides,
  };
  let stopped = false;
  const stopSidecar = () => {
    if (!stopped) sidecar[Symbol.dispose]();
    stopped = true;
  };
  let bottle: RunningBottle;
  try {
    bottle = await subject.backend.launch(plan);
  } catch (error) {
    stopSidecar();
    throw error;
  }
  return {
    bottle,
    plan,
    stateDir,
    stopSidecar,
    sh: (script, env) =>
      bottle.exec(["/bin/sh", "-c", script], {
        inherit: false,
        ...(env === undefined ? {} : { env }),
      }),
    async [Symbol.asyncDispose]() {
      await bottle[Symbol.asyncDispose]();
      stopSidecar();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}

/** A folder for one test's state that every user may pass through. */
export async function temporaryHome(): Promise<{ home: string } & AsyncDisposable> {
  const home = await Deno.makeTempDir({ prefix: "bottle-test-" });
  return {
    home,
    async [Symbol.asyncDispose]() {
      await Deno.remove(home, { recursive: true });
    },
  };
}
