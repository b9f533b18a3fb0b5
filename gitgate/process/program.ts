import { writeAllWith } from "../http/write_all.ts";

/** A program to run. Nothing of the caller's environment is inherited. */
export interface Program {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** How a program may be ended from outside. */
export interface ProgramBounds {
  /** Milliseconds until it is stopped. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number;
  /** Why it was stopped by us; undefined when it ended by itself. */
  readonly stopped: "timeout" | "aborted" | undefined;
  /** The last 64 KiB of stderr. */
  readonly stderr: string;
}

/** A program that could not be run, or did not end well; the message says which. */
export class ProgramFault extends Error {
  override readonly name = "ProgramFault";
  readonly end: ProgramEnd | undefined;
  constructor(message: string, end?: ProgramEnd, cause?: unknown) {
    super(message, { cause });
    this.end = end;
  }
}

/** A running program; disposal stops it and waits for its end. */
export interface RunningProgram extends AsyncDisposable {
  readonly stdout: ReadableStream<Uint8Array>;
  /** Writes to stdin; false when the program does not read any more. */
  write(bytes: Uint8Array): Promise<boolean>;
  closeStdin(): Promise<void>;
  readonly ended: Promise<ProgramEnd>;
}

/** Milliseconds between asking a program to end and ending it. */
const GRACE = 2_000;
/** Milliseconds for which the error output of a program that has ended is waited for. */
const STRAGGLER = 500;
const STDERR_KEPT = 64 * 1024;

/** Starts a program with its standard streams as pipes. @throws ProgramFault when it cannot be started. */
export function startProgram(program: Program, bounds: ProgramBounds): RunningProgram {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program.program, {
      args: [...program.args],
      env: { ...program.env },
      clearEnv: true,
      cwd: program.cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new ProgramFault(
      `${nameOf(program)} cannot be started: ${(error as Error).message}`,
      undefined,
      error,
    );
  }
  let stopped: ProgramEnd["stopped"];
  let over = false;
  let hard: ReturnType<typeof setTimeout> | undefined;
  const stop = (why: "timeout" | "aborted") => {
    if (over || stopped !== undefined) return;
    stopped = why;
    send(child, "SIGTERM");
    hard = setTimeout(() => send(child, "SIGKILL"), GRACE);
  };
  const soft = setTimeout(() => stop("timeout"), bounds.timeout);
  const abort = () => stop("aborted");
  if (bounds.signal?.aborted === true) abort();
  bounds.signal?.addEventListener("abort", abort);
  const stderr = tailOf(child.stderr);
  const ended = (async () => {
    const { code } = await child.status;
    over = true;
    clearTimeout(soft);
    clearTimeout(hard);
    bounds.signal?.removeEventListener("abort", abort);
    // A grandchild may hold the pipe open: what it says later is not waited for.
    const late = setTimeout(() => void stderr.cancel(), STRAGGLER);
    await stderr.done;
    clearTimeout(late);
    return { code, stopped, stderr: stderr.text() };
  })();
  const stdin = child.stdin.getWriter();
  stdin.closed.catch(() => undefined);
  let open = true;
  const write = async (bytes: Uint8Array) => {
    if (!open) return false;
    try {
      await stdin.write(bytes as Uint8Array<ArrayBuffer>);
    } catch {
      open = false;
    }
    return open;
  };
  const closeStdin = async () => {
    open = false;
    await stdin.close().catch(() => undefined);
  };
  return {
    stdout: child.stdout,
    write: async (bytes) => {
      let ok = true;
      await writeAllWith(async (part) => {
        ok = await write(part) && ok;
        return part.length;
      }, bytes);
      return ok;
    },
    closeStdin,
    ended,
    async [Symbol.asyncDispose]() {
      abort();
      await closeStdin();
      if (!child.stdout.locked) await child.stdout.cancel().catch(() => undefined);
      await ended;
    },
  };
}

/** What a program printed, and how it ended. */
export interface ProgramOutput extends ProgramEnd {
  readonly stdout: Uint8Array;
}

/**
 * Runs a program to its end.
 *
 * @param most bytes of stdout that are taken.
 * @throws ProgramFault when it cannot be started, is stopped, or prints more.
 */
export async function runProgram(
  program: Program,
  bounds: ProgramBounds & { readonly stdin?: Uint8Array; readonly most?: number },
): Promise<ProgramOutput> {
  await using running = startProgram(program, bounds);
  const fed = (async () => {
    if (bounds.stdin !== undefined) await running.write(bounds.stdin);
    await running.closeStdin();
  })();
  const most = bounds.most ?? 16 * 1024 * 1024;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of running.stdout) {
    size += part.length;
    if (size > most) throw new ProgramFault(`${nameOf(program)} prints too much`);
    parts.push(part);
  }
  await fed;
  const end = await running.ended;
  if (end.stopped !== undefined) {
    const why = end.stopped === "timeout" ? "took too long and was stopped" : "was stopped";
    throw new ProgramFault(`${nameOf(program)} ${why}`, end);
  }
  const stdout = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    stdout.set(part, at);
    at += part.length;
  }
  return { ...end, stdout };
}

/** Like {@linkcode runProgram}, but any exit code but 0 is a fault; returns stdout as text. */
export async function textOf(
  program: Program,
  bounds: ProgramBounds & { readonly stdin?: Uint8Array; readonly most?: number },
): Promise<string> {
  const output = await runProgram(program, bounds);
  if (output.code !== 0) {
    throw new ProgramFault(
      `${nameOf(program)} failed with exit code ${output.code}: ${lastLine(output.stderr)}`,
      output,
    );
  }
  return new TextDecoder().decode(output.stdout);
}

/** The last line with text in it. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** How a program is called in messages: `git fetch`, `gitleaks`. */
function nameOf({ program, args }: Program): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  const verb = name === "git" ? args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) : undefined;
  return verb === undefined ? name : `${name} ${verb}`;
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch { /* it has ended in between */ }
}

function tailOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const done = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text = (text + decoder.decode(value, { stream: true })).slice(-STDERR_KEPT);
    }
  })().catch(() => undefined);
  return { done, text: () => text, cancel: () => reader.cancel().catch(() => undefined) };
}
