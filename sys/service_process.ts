/** A long-running child that ends when its stdin ends, and says on stdout, line by line, what it does. */
export interface ServiceProcess {
  readonly pid: number;
  /** The last 4 KiB of stderr. */
  stderrTail(): string;
  readonly ended: Promise<{ readonly code: number; readonly signal: Deno.Signal | null }>;
  /** Closes stdin, then waits `graceMs`, then sends SIGTERM, waits a second, then SIGKILL. */
  stop(graceMs: number): Promise<void>;
}

/** What a {@linkcode ServiceProcess} is started with. */
export interface ServiceCommand {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing of the caller's is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Sees stdout line by line as it comes. */
  readonly onStdout?: (line: string) => void;
  /** Sees stderr line by line as it comes. */
  readonly onStderr?: (line: string) => void;
}

/** Starts a service in a process group of its own, so that Ctrl-C at the terminal does not reach it. */
export function startService(command: ServiceCommand): ServiceProcess {
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    env: { ...command.env },
    clearEnv: true,
    cwd: command.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const tail = { text: "" };
  const stdoutDone = (async () => {
    for await (const line of linesOf(child.stdout)) command.onStdout?.(line);
  })();
  const stderrDone = (async () => {
    for await (const line of linesOf(child.stderr)) {
      tail.text = `${tail.text}${line}\n`.slice(-4096);
      command.onStderr?.(line);
    }
  })();
  const ended = child.status.then(async ({ code, signal }) => {
    await Promise.all([stdoutDone, stderrDone]);
    return { code, signal };
  });
  return {
    pid: child.pid,
    stderrTail: () => tail.text,
    ended,
    async stop(graceMs) {
      await child.stdin.close().catch(() => undefined); // it may have closed its end already
      if (await settles(ended, graceMs)) return;
      send(child, "SIGTERM");
      if (await settles(ended, 1000)) return;
      send(child, "SIGKILL");
      await ended;
    },
  };
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch { /* it has ended in between */ }
}

/** Whether `promise` settles within `ms`. */
async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const result = await Promise.race([promise.then(() => true, () => true), late]);
  clearTimeout(timer);
  return result;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
