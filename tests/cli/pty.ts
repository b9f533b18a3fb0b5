import pty from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { until } from "./support.ts";

/** A program on a terminal of its own, and what the terminal shows. */
export class Screen implements Disposable {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #process: pty.IPty;
  #raw = "";
  #ended: { exitCode: number; signal?: number | undefined } | undefined;

  constructor(
    program: string,
    args: readonly string[],
    options: { cwd: string; env: Readonly<Record<string, string>>; cols?: number; rows?: number },
  ) {
    const { cols = 80, rows = 24, cwd, env } = options;
    this.#terminal = new xterm.Terminal({ cols, rows, scrollback: 500, allowProposedApi: true });
    this.#process = pty.spawn(program, [...args], { name: "xterm-256color", cols, rows, cwd, env });
    this.#process.onData((data) => {
      this.#raw += data;
      this.#terminal.write(data);
    });
    this.#process.onExit((ended) => this.#ended = ended);
  }

  /** Types keys as they are sent. */
  type(keys: string): void {
    this.#process.write(keys);
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    this.#process.resize(cols, rows);
  }

  /** The lines on the screen and above it, without trailing blanks. */
  text(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from(
      { length: active.length },
      // A terminal that was made narrower keeps what stood to the right of it.
      (_, row) => active.getLine(row)?.translateToString(true, 0, this.#terminal.cols) ?? "",
    );
    return lines.join("\n").trimEnd();
  }

  /** The lines on the screen alone. */
  page(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from(
      { length: this.#terminal.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "",
    );
    return lines.join("\n").trimEnd();
  }

  /** Types a line and sends it once the screen shows `pattern`: keys that come at once are taken for a paste. */
  async enter(line: string, pattern: RegExp): Promise<void> {
    this.type(line);
    await this.shows(pattern);
    this.type("\r");
  }

  /** The modes that the terminal is in. */
  modes(): InstanceType<typeof xterm.Terminal>["modes"] {
    return this.#terminal.modes;
  }

  /** Every byte that was written to the terminal. */
  raw(): string {
    return this.#raw;
  }

  /** Waits until the screen shows `pattern`. Throws with the screen when it does not. */
  async shows(pattern: RegExp, ms = 30_000): Promise<void> {
    if (await until(() => pattern.test(this.text()), ms)) return;
    throw new Error(`The screen does not show ${pattern}:\n${this.text()}`);
  }

  /** Waits for the program's end and gives its exit code. */
  async ended(ms = 30_000): Promise<number> {
    if (!await until(() => this.#ended !== undefined, ms)) {
      throw new Error(`The program does not end:\n${this.text()}`);
    }
    return this.#ended!.exitCode;
  }

  [Symbol.dispose](): void {
    if (this.#ended === undefined) this.#process.kill("SIGKILL");
    this.#terminal.dispose();
  }
}
