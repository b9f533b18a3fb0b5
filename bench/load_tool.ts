import { join } from "node:path/posix";
import { TestAuthority } from "../tests/support/test_authority.ts";

const SOURCE = new URL("load/", import.meta.url).pathname;

/** Names under which the upstream is reached; a route adds a credential for the first, none for the second. */
export const HOSTS = { withCredential: "auth.example.com", plain: "plain.example.com" } as const;

/** Builds the load generator. Ends the process with a message where there is no Go. */
export async function buildLoadTool(folder: string): Promise<LoadTool> {
  const program = join(folder, "load");
  let code = 1;
  try {
    const command = new Deno.Command("go", { args: ["build", "-o", program, "."], cwd: SOURCE });
    ({ code } = await command.spawn().status);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (code !== 0) {
    say("The load generator needs Go 1.21 or newer, found as `go`: install it and run this again.");
    Deno.exit(1);
  }
  return new LoadTool(program);
}

/** The load generator: one process for each measurement, its result a line of JSON. */
export class LoadTool {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** Runs one measurement to its end. */
  async measure<Result>(command: string, args: readonly string[]): Promise<Result> {
    let last = "";
    for await (const line of this.lines(command, args)) last = line;
    return JSON.parse(last) as Result;
  }

  /** Runs a command and gives its lines as they come. Throws when it fails. */
  async *lines(command: string, args: readonly string[]): AsyncGenerator<string> {
    const child = new Deno.Command(this.#program, { args: [command, ...args], stdout: "piped" })
      .spawn();
    yield* linesOf(child.stdout);
    const { code } = await child.status;
    if (code !== 0) throw new Error(`load ${command} ended with ${code}`);
  }

  /** Starts the upstream, with a certificate that `authority` issued. */
  async startUpstream(folder: string, authority: TestAuthority): Promise<Upstream> {
    const names = Object.values(HOSTS);
    // One certificate names one host: whichever is asked for, the proxy under test verifies its own.
    const upstreams = await Promise.all(names.map(async (host) => {
      const { certificate, key } = authority.leaf(host);
      const [certFile, keyFile] = [join(folder, `${host}.pem`), join(folder, `${host}.key`)];
      await Deno.writeTextFile(certFile, certificate);
      await Deno.writeTextFile(keyFile, key, { mode: 0o600 });
      const child = new Deno.Command(this.#program, {
        args: ["upstream", "-cert", certFile, "-key", keyFile],
        stdout: "piped",
        stderr: "null", // handshakes that clients gave up
      }).spawn();
      const lines = linesOf(child.stdout);
      const { port } = JSON.parse((await lines.next()).value ?? "{}") as { port: number };
      return { host, port, child };
    }));
    return {
      portOf: (host) => upstreams.find((one) => one.host === host)!.port,
      async [Symbol.asyncDispose]() {
        for (const { child } of upstreams) {
          child.kill();
          await child.status;
        }
      },
    };
  }
}

/** A running upstream. */
export interface Upstream extends AsyncDisposable {
  portOf(host: string): number;
}

/** The lines of a stream of text. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream.values({ preventCancel: true })) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
  if (text !== "") yield text;
}

/** Prints one line. */
export function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
