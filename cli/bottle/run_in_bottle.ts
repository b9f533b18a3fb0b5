import type { ExecResult } from "../../backends/backend.ts";
import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";
import { exitCodeOfSignal, onSignals } from "../../sys/signals.ts";
import type { ChosenBackend } from "../choose_backend.ts";
import { deskBottle } from "../../supervise/bottle_desk.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { systemHint } from "../error_text.ts";
import { openBottle, type OpenRequest } from "./open_bottle.ts";
import { titleOfWaiting } from "./waiting.ts";

/** One command and how it is run. */
export interface Work {
  readonly argv: readonly string[];
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
  /** Title of the terminal while it runs. */
  readonly title?: string;
  /** Whether nobody answers it, also where there is a terminal: it was given one prompt. */
  readonly unattended?: boolean;
}

/** The code of timeout(1) for a command that ran out of time. */
const TIMED_OUT = 124;

/** What stands in the title of an agent's terminal once its sidecar is lost. */
const LOST_TITLE = "NO NETWORK, the sidecar ended";

/**
 * Opens a bottle, runs one command in it on the caller's terminal, and closes the bottle.
 *
 * Ctrl-C reaches the command itself, because it is in the terminal's foreground group; this process then only
 * waits for it. Without a terminal, and for SIGTERM and SIGHUP, the command is ended.
 *
 * An agent that nobody watches is ended too when the sidecar is lost: it would try for hours to reach its model.
 *
 * @returns the command's exit code; 124 after the timeout, 128 + n after a signal to this process, 1 after the sidecar
 * was lost under an agent that nobody watches.
 */
export async function runInBottle(
  host: Host,
  backend: ChosenBackend,
  request: Omit<OpenRequest, "signal" | "onSidecarLost">,
  work: Work,
): Promise<number> {
  const abort = new AbortController();
  const interrupted: { by?: Deno.Signal } = {};
  const attached = { yes: false };
  const { slug, agent } = request.record;
  const isUnattended = agent !== undefined &&
    (work.unattended === true || !host.terminal.interactive);
  const lost: { how?: string } = {};
  using _signals = onSignals(["SIGINT", "SIGTERM", "SIGHUP"], (name) => {
    if (name === "SIGINT" && attached.yes && hasControllingTerminal()) return;
    interrupted.by ??= name;
    abort.abort();
  });
  await using bottle = await openBottle(host, backend, {
    ...request,
    signal: abort.signal,
    onSidecarLost(how) {
      lost.how = how;
      if (isUnattended) abort.abort();
    },
  })
    .catch((error) => {
      if (interrupted.by === undefined) throw refusedBySystem(error);
      return undefined;
    });
  if (bottle === undefined) return exitCodeOfSignal(interrupted.by ?? "SIGINT");
  if (interrupted.by !== undefined) return exitCodeOfSignal(interrupted.by);
  const timer = work.timeout === undefined
    ? undefined
    : setTimeout(() => abort.abort(), work.timeout);
  let result: ExecResult;
  {
    using _terminal = host.terminal.guard(work.title);
    using _waiting = work.title === undefined ? undefined : titleOfWaiting(
      host.terminal,
      deskBottle(bottleHome(host), slug),
      () => lost.how === undefined ? work.title! : `${LOST_TITLE} · ${work.title}`,
    );
    attached.yes = true;
    result = await bottle.attach(work.argv, { inherit: true, signal: abort.signal });
  }
  clearTimeout(timer);
  if (interrupted.by !== undefined) return exitCodeOfSignal(interrupted.by);
  if (isUnattended && lost.how !== undefined && result.ended === "aborted") {
    host.log.error(
      `the agent was ended: without its sidecar (${lost.how}) bottle ${slug} has no network`,
      `what it left is kept; bot-bottle resume ${slug} goes on, bot-bottle logs ${slug} shows what happened`,
    );
    return ExitCode.failed;
  }
  if (agent !== undefined && lost.how !== undefined) {
    // Said before too, but an agent's screen covers what is said while it runs.
    host.log.warn(`bottle ${slug} had no network at the end: its sidecar was lost (${lost.how})`);
  }
  if (result.ended === "aborted") {
    host.log.error(`the command was ended after ${(work.timeout ?? 0) / 1000} s`);
    return TIMED_OUT;
  }
  if (result.ended === "could not start") {
    throw new BottleError(`Cannot start the bottle: ${result.reason ?? "no reason given"}`, {
      code: "bottle_failed",
      exit: ExitCode.cannotStart,
      hint: "bot-bottle doctor shows what is missing here",
    });
  }
  if (result.ended !== undefined) {
    host.log.error(`the command was ended: ${result.reason ?? result.ended}`);
  }
  return result.code;
}

/** A full disk, a folder that is read-only: no bottle, and no defect. */
function refusedBySystem(error: unknown): unknown {
  const hint = systemHint(error);
  if (hint === undefined) return error;
  return new BottleError(`Cannot start the bottle: ${messageOf(error)}`, {
    code: "cannot_start",
    exit: ExitCode.cannotStart,
    hint,
    cause: error,
  });
}

/** Whether this process has a terminal that sends it signals; asked anew, since a session can lose it. */
function hasControllingTerminal(): boolean {
  try {
    Deno.openSync("/dev/tty", { read: true }).close();
    return true;
  } catch {
    return false;
  }
}
