import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { FullScreen, type Scene } from "./full_screen.ts";
import type { Key } from "./keys.ts";
import type { Size } from "./size.ts";
import type { ScreenTerminal } from "./terminal.ts";

/** A terminal whose keys and signals come from the test. */
class FakeTerminal implements ScreenTerminal {
  readonly written: string[] = [];
  taken = 0;
  /** Reads that nothing was typed for yet. */
  reading = 0;
  at: Size = { columns: 30, rows: 6 };
  #typed = Promise.withResolvers<Uint8Array | null>();
  #listener: ((name: Deno.Signal) => void) | undefined;

  size(): Size {
    return this.at;
  }

  write(text: string): void {
    this.written.push(text);
  }

  async read(): Promise<Uint8Array | null> {
    this.reading++;
    const typed = await this.#typed.promise;
    this.reading--;
    this.#typed = Promise.withResolvers();
    return typed;
  }

  take(): Disposable {
    this.taken++;
    return { [Symbol.dispose]: () => void this.taken-- };
  }

  onSignals(_names: readonly Deno.Signal[], listener: (name: Deno.Signal) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => this.#listener = undefined };
  }

  get listens(): boolean {
    return this.#listener !== undefined;
  }

  /** Types, and waits until it was taken. */
  async type(text: string | null): Promise<void> {
    this.#typed.resolve(text === null ? null : new TextEncoder().encode(text));
    await soon();
  }

  signal(name: Deno.Signal): void {
    this.#listener?.(name);
  }
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A screen that shows the keys pressed; Enter ends it with them. */
function opened(more: Partial<Scene> = {}): {
  terminal: FakeTerminal;
  screen: FullScreen<string>;
  keys: Key[];
} {
  const terminal = new FakeTerminal();
  const keys: Key[] = [];
  const screen: FullScreen<string> = new FullScreen(terminal, false, {
    view: () => [{ text: `${keys.join(" ")} ${terminal.at.columns}` }],
    onKey(key) {
      if (key === "enter") return screen.end(keys.join(" "));
      keys.push(key);
      screen.draw();
    },
    onResize: () => {},
    onSignal: (name) => screen.fail(new Error(name)),
    ...more,
  });
  screen.open();
  return { terminal, screen, keys };
}

Deno.test("a screen takes the terminal and gives it back", async () => {
  const { terminal, screen } = opened();
  equal(terminal.taken, 1);
  match(terminal.written.join(""), / 30/);
  await terminal.type("ab\r");
  equal(await screen.ended, "a b");
  screen[Symbol.dispose]();
  equal(terminal.taken, 0);
  ok(!terminal.listens);
});

Deno.test("an end that a key brings leaves no read behind, and what was typed after it is nobody's", async () => {
  const { terminal, screen, keys } = opened();
  equal(terminal.reading, 1);
  await terminal.type("a\rxy");
  await screen.ended;
  equal(terminal.reading, 0);
  deepEqual(keys, ["a"]);
  screen[Symbol.dispose]();
});

Deno.test("the next key waits until the one before has done what it asked for", async () => {
  const seen: string[] = [];
  const { terminal, screen } = opened({
    async onKey(key) {
      seen.push(`${key} begins`);
      await soon();
      seen.push(`${key} ends`);
      if (key === "b") screen.end("");
    },
  });
  await terminal.type("ab");
  await screen.ended;
  deepEqual(seen, ["a begins", "a ends", "b begins", "b ends"]);
  screen[Symbol.dispose]();
});

Deno.test("a lone Escape is a key; the beginning of a sequence waits for its end", async () => {
  const { terminal, screen, keys } = opened();
  await terminal.type("\x1b");
  await terminal.type("[A");
  deepEqual(keys, ["up"]);
  await terminal.type("\x1b");
  while (keys.length < 2) await soon();
  deepEqual(keys, ["up", "escape"]);
  screen[Symbol.dispose]();
});

Deno.test("only what has changed is drawn, and all of it after a resize or a stop", () => {
  const { terminal, screen } = opened();
  const drawn = () => terminal.written.splice(0).length;
  drawn();
  screen.draw();
  equal(drawn(), 0);
  terminal.at = { columns: 40, rows: 6 };
  terminal.signal("SIGWINCH");
  match(terminal.written.join(""), / 40/);
  drawn();
  terminal.signal("SIGCONT");
  equal(terminal.taken, 1);
  equal(drawn(), 1);
  screen[Symbol.dispose]();
});

Deno.test("signals, the end of the terminal and what a scene throws end the screen", async () => {
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const { terminal, screen } = opened();
    terminal.signal(name);
    await rejects(screen.ended, new Error(name));
    screen[Symbol.dispose]();
  }
  const gone = opened();
  const hungUp = rejects(gone.screen.ended, new Error("SIGHUP"));
  await gone.terminal.type(null);
  await hungUp;
  gone.screen[Symbol.dispose]();
  const broken = opened({
    onKey() {
      throw new RangeError("a defect");
    },
  });
  const failed = rejects(broken.screen.ended, RangeError);
  await broken.terminal.type("a");
  await failed;
  broken.screen[Symbol.dispose]();
});

Deno.test("while the terminal is lent nothing is drawn, and Ctrl-C is the borrower's", async () => {
  const { terminal, screen } = opened();
  await screen.lend(async () => {
    await soon();
    equal(terminal.taken, 0);
    terminal.written.length = 0;
    screen.draw();
    terminal.signal("SIGINT");
    terminal.signal("SIGCONT");
    equal(terminal.written.length, 0);
    equal(terminal.taken, 0);
  });
  equal(terminal.taken, 1);
  equal(terminal.written.length, 1);
  screen[Symbol.dispose]();
});
