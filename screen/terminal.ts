import { writeFully } from "../sys/atomic_file.ts";
import { onSignals } from "../sys/signals.ts";
import { ENTER_SCREEN, LEAVE_SCREEN } from "./frame.ts";
import type { Size } from "./size.ts";

/** A terminal that a screen stands on. */
export interface ScreenTerminal {
  size(): Size;
  write(text: string): void;
  /** The next bytes typed; null when the terminal is gone. */
  read(): Promise<Uint8Array | null>;
  /** Takes the terminal over until disposal: raw keys, a screen of its own. */
  take(): Disposable;
  /** Calls for each signal of these until disposal. */
  onSignals(names: readonly Deno.Signal[], listener: (name: Deno.Signal) => void): Disposable;
}

/** The terminal on stdin and stderr: stdout is for results. */
export function processTerminal(): ScreenTerminal {
  const encoder = new TextEncoder();
  const write = (text: string) =>
    writeFully(Deno.stderr as unknown as Deno.FsFile, encoder.encode(text));
  const buffer = new Uint8Array(4096);
  return {
    size() {
      const { columns, rows } = Deno.consoleSize();
      return { columns, rows };
    },
    write,
    async read() {
      const count = await Deno.stdin.read(buffer);
      return count === null ? null : buffer.slice(0, count);
    },
    take() {
      Deno.stdin.setRaw(true);
      try {
        write(ENTER_SCREEN);
      } catch (error) {
        Deno.stdin.setRaw(false);
        throw error;
      }
      return {
        [Symbol.dispose]() {
          // Each by itself: of a terminal that is half gone, the other half is still put in order.
          try {
            write(LEAVE_SCREEN);
          } catch { /* it cannot be written to any more */ }
          try {
            Deno.stdin.setRaw(false);
          } catch { /* it is gone */ }
        },
      };
    },
    onSignals,
  };
}
