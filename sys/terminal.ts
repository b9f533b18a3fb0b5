import { printableLine } from "./log.ts";

/** The operator's terminal. Questions go to stderr, so that stdout stays a result. */
export interface Terminal {
  /** Whether somebody can be asked: stdin and stderr are both terminals. */
  readonly interactive: boolean;
  /** Whether stderr is a terminal, so that progress may be drawn. */
  readonly stderr: boolean;
  /** Whether colour is wanted on stdout (a terminal, and no `NO_COLOR`). */
  readonly colour: boolean;
  /** Asks and gives the line typed; null at end of input. */
  ask(question: string): Promise<string | null>;
  /** Asks without echo. */
  askSecretly(question: string): Promise<string | null>;
  /** Shows how far something is on one line that changes, where stderr is a terminal; empty text takes it away. */
  progress(text: string): void;
  /** Changes the title that {@linkcode guard} set. */
  setTitle(title: string): void;
  /** Keeps the terminal's modes, and the title when one is given, and restores both at disposal. */
  guard(title?: string): Disposable;
}

/** The terminal that the process was started on. */
export function systemTerminal(options: { noColour: boolean }): Terminal {
  const stdin = Deno.stdin.isTerminal();
  const stderr = Deno.stderr.isTerminal();
  const write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text));
  return {
    interactive: stdin && stderr,
    stderr,
    colour: Deno.stdout.isTerminal() && !options.noColour,
    ask(question) {
      write(question);
      return readLine();
    },
    async askSecretly(question) {
      write(question);
      using _raw = rawMode();
      const line = await readHidden();
      write("\n");
      return line;
    },
    progress(text) {
      if (stderr) write(`\r\x1b[K${printableLine(text)}`);
    },
    setTitle(title) {
      if (stderr) write(`\x1b]0;${printableLine(title)}\x07`);
    },
    guard(title) {
      const modes = stdin ? readModes() : undefined;
      // XTPUSHTITLE and OSC 0; the label is the operator's, but it may have come from a manifest.
      if (stderr && title !== undefined) write(`\x1b[22;0t\x1b]0;${printableLine(title)}\x07`);
      return {
        [Symbol.dispose]() {
          if (stderr && stdin) write(LEAVE_MODES);
          if (stderr && title !== undefined) write("\x1b[23;0t");
          if (modes !== undefined) restoreModes(modes);
        },
      };
    },
  };
}

/**
 * What a program may have left behind, undone; nothing of it moves the cursor of a terminal that is in order.
 *
 * Bracketed paste, mouse and focus reports, modified keys (xterm and kitty), held-back output, the alternate
 * screen (1047: 1049 would also move the cursor), application keys, insert mode and line-drawing letters off; wrapping,
 * the cursor, its shape and plain text on; links closed, colours as configured (xterm's ctlseqs, ECMA-48).
 */
const LEAVE_MODES =
  "\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1004l" +
  "\x1b[>4;0m\x1b[<u\x1b[?2026l\x1b[?1047l\x1b[?1l\x1b>\x1b[4l\x1b(B\x0f" +
  "\x1b[?7h\x1b[?25h\x1b[0 q\x1b]8;;\x07\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07\x1b[0m";

/** A shell's own environment: `stty` is the system's. */
const SHELL_ENVIRONMENT = { clearEnv: true, env: { PATH: "/usr/bin:/bin" } } as const;

/** Puts stdin into raw mode until disposal. */
export function rawMode(): Disposable {
  Deno.stdin.setRaw(true);
  return { [Symbol.dispose]: () => Deno.stdin.setRaw(false) };
}

/** The modes of the terminal on stdin as `stty -g` writes them; undefined when they cannot be read. */
function readModes(): string | undefined {
  try {
    const { code, stdout } = new Deno.Command("/bin/sh", {
      ...SHELL_ENVIRONMENT,
      args: ["-c", "exec stty -g"],
      stdin: "inherit",
      stdout: "piped",
      stderr: "null",
    }).outputSync();
    const modes = new TextDecoder().decode(stdout).trim();
    return code === 0 && /^[0-9a-f:=]+$/.test(modes) ? modes : undefined;
  } catch {
    return undefined;
  }
}

/** A shell that a bottle ran may have kept the foreground: without ignoring SIGTTOU, setting modes would stop us. */
function restoreModes(modes: string): void {
  try {
    new Deno.Command("/bin/sh", {
      ...SHELL_ENVIRONMENT,
      args: ["-c", `trap '' TTOU; exec stty "$0"`, modes],
      stdin: "inherit",
      stdout: "null",
      stderr: "null",
    }).outputSync();
  } catch { /* the terminal is gone, or there is no shell: nothing is left to restore */ }
}

async function readLine(): Promise<string | null> {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (await Deno.stdin.read(one) !== null) {
    if (one[0] === 0x0a) return new TextDecoder().decode(new Uint8Array(bytes)).trimEnd();
    bytes.push(one[0]!);
  }
  return bytes.length === 0 ? null : new TextDecoder().decode(new Uint8Array(bytes));
}

/** Reads a line in raw mode: Ctrl-C and Ctrl-D on an empty line give null, backspace removes one byte. */
async function readHidden(): Promise<string | null> {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (await Deno.stdin.read(one) !== null) {
    const byte = one[0]!;
    if (byte === 0x0d || byte === 0x0a) return new TextDecoder().decode(new Uint8Array(bytes));
    if (byte === 0x03 || (byte === 0x04 && bytes.length === 0)) return null;
    if (byte === 0x7f || byte === 0x08) bytes.pop();
    else bytes.push(byte);
  }
  return null;
}
