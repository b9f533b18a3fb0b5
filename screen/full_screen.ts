import { frame, type ScreenLine } from "./frame.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import type { Size } from "./size.ts";
import type { ScreenTerminal } from "./terminal.ts";

/** Milliseconds after which the beginning of a key's sequence is the key Escape. */
const ESCAPE = 50;

/** What stands on a screen, and what it makes of what happens to it. */
export interface Scene {
  /** Exactly as many lines as the terminal has rows, none wider than it. */
  view(): readonly ScreenLine[];
  /** One key after the other: the next is read when this has settled. */
  onKey(key: Key): void | Promise<void>;
  onResize(size: Size): void;
  /** SIGTERM, SIGINT, SIGHUP; SIGHUP too when the terminal is gone. */
  onSignal(name: Deno.Signal): void;
}

/**
 * A terminal that is taken over until {@linkcode end} or {@linkcode fail}: raw keys, a screen of its own, drawn
 * when it differs from what is there. Disposal puts the terminal in order, whatever happened.
 *
 * An end that a key brings leaves no read on the terminal behind; with any other end, also by Escape, the next
 * bytes typed are lost.
 */
export class FullScreen<Result> implements Disposable {
  readonly #terminal: ScreenTerminal;
  readonly #colour: boolean;
  readonly #scene: Scene;
  readonly #ended = Promise.withResolvers<Result>();
  readonly #keys = new KeyDecoder();
  #signals: Disposable | undefined;
  #taken: Disposable | undefined;
  #drawn = "";
  #escapeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether another program has the terminal. */
  #away = false;
  #over = false;
  #closed = false;

  constructor(terminal: ScreenTerminal, colour: boolean, scene: Scene) {
    this.#terminal = terminal;
    this.#colour = colour;
    this.#scene = scene;
  }

  /** Takes the terminal and shows the scene. */
  open(): void {
    this.#signals = this.#terminal.onSignals(
      ["SIGTERM", "SIGHUP", "SIGINT", "SIGWINCH", "SIGCONT"],
      (name) => this.guard(() => this.#onSignal(name)),
    );
    this.#taken = this.#terminal.take();
    this.guard(() => this.draw());
    void this.#readKeys().catch((error) => this.fail(error));
  }

  /** What {@linkcode end} was called with. @throws what {@linkcode fail} was called with. */
  get ended(): Promise<Result> {
    return this.#ended.promise;
  }

  /** Whether it was ended, or failed. */
  get isOver(): boolean {
    return this.#over;
  }

  end(result: Result): void {
    this.#over = true;
    this.#ended.resolve(result);
  }

  fail(error: unknown): void {
    this.#over = true;
    this.#ended.reject(error);
  }

  /** Runs something that nobody waits for: what it throws ends the screen. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Draws what has changed. */
  draw(): void {
    if (this.#away || this.#closed) return;
    const drawn = frame(this.#scene.view(), this.#colour);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#terminal.write(drawn);
  }

  /** Draws everything. */
  redraw(): void {
    this.#drawn = "";
    this.draw();
  }

  /** Gives the terminal, as it was before, to something else for a while. */
  async lend<Value>(run: () => Promise<Value>): Promise<Value> {
    this.#away = true;
    this.#taken?.[Symbol.dispose]();
    try {
      return await run();
    } finally {
      if (!this.#closed) this.#taken = this.#terminal.take();
      this.#away = false;
      this.#drawn = "";
      // It may have been resized meanwhile.
      this.guard(() => this.#resize());
    }
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#closed = true;
    clearTimeout(this.#escapeTimer);
    this.#signals?.[Symbol.dispose]();
    this.#taken?.[Symbol.dispose]();
  }

  #resize(): void {
    this.#scene.onResize(this.#terminal.size());
    this.redraw();
  }

  #onSignal(name: Deno.Signal): void {
    if (name === "SIGWINCH") return this.#resize();
    if (name === "SIGCONT") {
      if (this.#away) return;
      this.#taken?.[Symbol.dispose]();
      this.#taken = this.#terminal.take();
      return this.redraw();
    }
    // Whoever has the terminal gets Ctrl-C itself.
    if (name !== "SIGINT" || !this.#away) this.#scene.onSignal(name);
  }

  /** One read after the other: while another program has the terminal, nothing here reads from it. */
  async #readKeys(): Promise<void> {
    while (!this.#over) {
      const bytes = await this.#terminal.read();
      clearTimeout(this.#escapeTimer);
      if (bytes === null) return this.#scene.onSignal("SIGHUP");
      for (const key of this.#keys.push(bytes)) {
        if (!this.#over) await this.#scene.onKey(key);
      }
      if (this.#keys.unfinished) {
        this.#escapeTimer = setTimeout(() => void this.#flush().catch((e) => this.fail(e)), ESCAPE);
      }
    }
  }

  async #flush(): Promise<void> {
    for (const key of this.#keys.flush()) {
      if (!this.#over) await this.#scene.onKey(key);
    }
  }
}
