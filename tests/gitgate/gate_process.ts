/**
 * A gate as a process of its own, for tests that kill it and for measurements. Options come as one line of JSON on
 * stdin; what it does goes to stdout as lines of JSON.
 */
import { TextLineStream } from "./text_line_stream.ts";
import type { GateOptions } from "../../gitgate/gate_options.ts";

/** What can be written down of a gate's options. */
export type PlainOptions = Omit<GateOptions, "record" | "onDefect" | "token" | "approvals">;

if (import.meta.main) {
  const { startGate } = await import("../../gitgate/gate.ts");
  const say = (value: unknown) =>
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
  const lines = Deno.stdin.readable.pipeThrough(new TextLineStream());
  const { value } = await lines.getReader().read();
  const options = JSON.parse(value!) as PlainOptions;
  const gate = await startGate({
    ...options,
    token: () => undefined,
    record: (event) => void say(event),
    onDefect: (error) => void say({ type: "defect", text: String(error) }),
  });
  say({ type: "ready", port: gate.port });
}

/** A gate in a process. */
export interface GateProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly events: readonly { readonly type: string }[];
  /** Ends it at once, without any notice. */
  kill(): Promise<void>;
}

/** Starts one and waits until it listens. */
export async function startGateProcess(options: PlainOptions): Promise<GateProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--v8-flags=--enable-experimental-regexp-engine",
      new URL(import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify(options)}\n`));
  const events: { type: string; port?: number }[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<number>();
  const read = (async () => {
    for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
      const event = JSON.parse(line) as { type: string; port?: number };
      events.push(event);
      if (event.type === "ready") resolve(event.port!);
    }
    reject(new Error("the gate ended before it listened"));
  })();
  const port = await ready;
  const kill = async () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await child.status;
    await writer.close().catch(() => undefined);
    await read.catch(() => undefined);
  };
  return { port, pid: child.pid, events, kill, [Symbol.asyncDispose]: kill };
}
