import { exitCodeOfSignal } from "../../sys/signals.ts";
import type { DeskTerminal } from "./desk_terminal.ts";
import { type DeskSurroundings, work } from "./desk_work.ts";
import { frame } from "./frame.ts";
import { KeyDecoder } from "./keys.ts";
import { SMALLEST } from "./layout.ts";
import { reduce } from "./reduce.ts";
import { type DeskCommand, type DeskEvent, type DeskState, firstState } from "./state.ts";
import { view } from "./view.ts";
import { WaitingList } from "./waiting.ts";

/** Milliseconds between two looks at the queues. */
const POLL = 100;
/** Milliseconds after which the beginning of a key's sequence is the key Escape. */
const ESCAPE = 50;

/** How a desk is opened. */
export interface DeskOptions extends DeskSurroundings {
  readonly terminal: DeskTerminal;
  readonly colour: boolean;
}

/**
 * Runs the desk until the operator leaves it; the terminal is as before when this ends, however it ends.
 *
 * @returns the exit code: 0, 130 after Ctrl-C, 128 + n after a signal.
 * @throws whatever went wrong in the desk itself.
 */
export async function runDesk(options: DeskOptions): Promise<number> {
  const desk = new Desk(options);
  try {
    return await desk.run();
  } finally {
    desk.close();
  }
}

/** The thin part: what happens goes into `reduce`, what comes out goes to the terminal and to `work`. */
class Desk {
  readonly #options: DeskOptions;
  readonly #ended = Promise.withResolvers<number>();
  readonly #keys = new KeyDecoder();
  readonly #waiting: WaitingList;
  #state: DeskState;
  #taken: Disposable | undefined;
  #drawn = "";
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  #escapeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether an editor has the terminal. */
  #away = false;
  #closed = false;
  #signals: Disposable | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#waiting = new WaitingList(() => options.clock.now().getTime());
    this.#state = firstState(options.terminal.size());
  }

  async run(): Promise<number> {
    const { terminal } = this.#options;
    this.#signals = terminal.onSignals(
      ["SIGTERM", "SIGHUP", "SIGINT", "SIGWINCH", "SIGCONT"],
      (name) => this.#guard(() => this.#onSignal(name)),
    );
    this.#taken = terminal.take();
    this.#guard(() => this.#look());
    void this.#readKeys().catch((error) => this.#ended.reject(error));
    return await this.#ended.promise;
  }

  /** Puts the terminal in order. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#escapeTimer);
    this.#signals?.[Symbol.dispose]();
    this.#taken?.[Symbol.dispose]();
  }

  /** Runs something that nobody waits for: what it throws ends the desk, and the terminal is restored. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#ended.reject(error);
    }
  }

  #onSignal(name: Deno.Signal): void {
    if (name === "SIGWINCH") {
      this.#drawn = "";
      return this.#tell({ type: "resized", size: this.#options.terminal.size() });
    }
    if (name === "SIGCONT") {
      if (this.#away) return;
      this.#taken?.[Symbol.dispose]();
      this.#taken = this.#options.terminal.take();
      this.#drawn = "";
      return this.#draw();
    }
    // An editor that has the terminal gets Ctrl-C itself.
    if (name !== "SIGINT" || !this.#away) this.#ended.resolve(exitCodeOfSignal(name));
  }

  /** One read after the other: while an editor has the terminal, nothing else reads from it. */
  async #readKeys(): Promise<void> {
    for (;;) {
      const bytes = await this.#options.terminal.read();
      if (bytes === null) return this.#ended.resolve(exitCodeOfSignal("SIGHUP"));
      clearTimeout(this.#escapeTimer);
      for (const key of this.#keys.push(bytes)) await this.#press(key);
      if (this.#keys.unfinished) {
        this.#escapeTimer = setTimeout(
          () => this.#keys.flush().forEach((key) => this.#tell({ type: "key", key })),
          ESCAPE,
        );
      }
    }
  }

  #press(key: string): Promise<void> {
    const { columns, rows } = this.#state.size;
    const small = columns < SMALLEST.columns || rows < SMALLEST.rows;
    // Without a screen nothing can be looked at, so nothing can be answered.
    if (small && key !== "q" && key !== "interrupt") return Promise.resolve();
    if (small) {
      this.#ended.resolve(key === "q" ? 0 : 130);
      return Promise.resolve();
    }
    return this.#dispatch({ type: "key", key });
  }

  #tell(event: DeskEvent): void {
    this.#dispatch(event).catch((error) => this.#ended.reject(error));
  }

  /** Settles when an editor that the event started has ended. */
  async #dispatch(event: DeskEvent): Promise<void> {
    const { state, commands } = reduce(this.#state, event);
    this.#state = state;
    for (const command of commands) {
      const done = this.#perform(command);
      if (command.do === "edit") await done;
      else done.catch((error) => this.#ended.reject(error));
    }
    this.#draw();
  }

  async #perform(command: DeskCommand): Promise<void> {
    if (command.do === "quit") return this.#ended.resolve(command.code);
    if (command.do === "redraw") {
      this.#drawn = "";
      return;
    }
    const at = command.do === "edit"
      ? { ...this.#options, edit: (path: string) => this.#lend(() => this.#options.edit(path)) }
      : this.#options;
    for (const event of await work(command, at)) await this.#dispatch(event);
  }

  /** Gives the terminal away for a while. */
  async #lend(run: () => Promise<number>): Promise<number> {
    this.#away = true;
    this.#taken?.[Symbol.dispose]();
    try {
      return await run();
    } finally {
      if (!this.#closed) this.#taken = this.#options.terminal.take();
      this.#away = false;
      this.#drawn = "";
      // It may have been resized meanwhile.
      this.#tell({ type: "resized", size: this.#options.terminal.size() });
    }
  }

  #look(): void {
    const bottles = this.#options.bottles();
    const { rows, problems, more } = this.#waiting.look(bottles);
    const slugs = bottles.map(({ slug }) => slug);
    this.#tell({ type: "looked", rows, problems, bottles: slugs });
    this.#pollTimer = setTimeout(() => this.#guard(() => this.#look()), more ? 0 : POLL);
  }

  #draw(): void {
    if (this.#away || this.#closed) return;
    const drawn = frame(view(this.#state), this.#options.colour);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#options.terminal.write(drawn);
  }
}
