import { FullScreen } from "../../screen/full_screen.ts";
import { isTooSmall } from "../../screen/size.ts";
import type { ScreenTerminal } from "../../screen/terminal.ts";
import { exitCodeOfSignal } from "../../sys/signals.ts";
import { type DeskSurroundings, work } from "./desk_work.ts";
import { reduce } from "./reduce.ts";
import { type DeskCommand, type DeskEvent, type DeskState, firstState } from "./state.ts";
import { view } from "./view.ts";
import { WaitingList } from "./waiting.ts";

/** Milliseconds between two looks at the queues. */
const POLL = 100;

/** How a desk is opened. */
export interface DeskOptions extends DeskSurroundings {
  readonly terminal: ScreenTerminal;
  readonly colour: boolean;
}

/**
 * Runs the desk until the operator leaves it; the terminal is as before when this ends, however it ends.
 *
 * @returns the exit code: 0, 130 after Ctrl-C, 128 + n after a signal.
 * @throws whatever went wrong in the desk itself.
 */
export async function runDesk(options: DeskOptions): Promise<number> {
  using desk = new Desk(options);
  return await desk.run();
}

/** The thin part: what happens goes into `reduce`, what comes out goes to the screen and to `work`. */
class Desk implements Disposable {
  readonly #options: DeskOptions;
  readonly #screen: FullScreen<number>;
  readonly #waiting: WaitingList;
  #state: DeskState;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeskOptions) {
    const { terminal, colour, clock } = options;
    this.#options = options;
    this.#waiting = new WaitingList(() => clock.now().getTime());
    this.#state = firstState(terminal.size());
    this.#screen = new FullScreen(terminal, colour, {
      view: () => view(this.#state),
      onKey: (key) => this.#press(key),
      onResize: (size) => this.#tell({ type: "resized", size }),
      onSignal: (name) => this.#screen.end(exitCodeOfSignal(name)),
    });
  }

  async run(): Promise<number> {
    this.#screen.open();
    this.#screen.guard(() => this.#look());
    return await this.#screen.ended;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pollTimer);
    this.#screen[Symbol.dispose]();
  }

  #press(key: string): Promise<void> {
    if (!isTooSmall(this.#state.size)) return this.#dispatch({ type: "key", key });
    // Without a screen nothing can be looked at, so nothing can be answered.
    if (key === "q") this.#screen.end(0);
    if (key === "interrupt") this.#screen.end(exitCodeOfSignal("SIGINT"));
    return Promise.resolve();
  }

  #tell(event: DeskEvent): void {
    this.#dispatch(event).catch((error) => this.#screen.fail(error));
  }

  /** Settles when an editor that the event started has ended. */
  async #dispatch(event: DeskEvent): Promise<void> {
    const { state, commands } = reduce(this.#state, event);
    this.#state = state;
    for (const command of commands) {
      const done = this.#perform(command);
      if (command.do === "edit") await done;
      else done.catch((error) => this.#screen.fail(error));
    }
    this.#screen.draw();
  }

  async #perform(command: DeskCommand): Promise<void> {
    if (command.do === "quit") return this.#screen.end(command.code);
    if (command.do === "redraw") return this.#screen.redraw();
    const at = command.do === "edit"
      ? {
        ...this.#options,
        edit: (path: string) => this.#screen.lend(() => this.#options.edit(path)),
      }
      : this.#options;
    for (const event of await work(command, at)) await this.#dispatch(event);
  }

  #look(): void {
    const bottles = this.#options.bottles();
    const { rows, problems, more } = this.#waiting.look(bottles);
    const slugs = bottles.map(({ slug }) => slug);
    this.#tell({ type: "looked", rows, problems, bottles: slugs });
    this.#pollTimer = setTimeout(() => this.#screen.guard(() => this.#look()), more ? 0 : POLL);
  }
}
