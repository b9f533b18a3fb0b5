import { deepEqual, equal, rejects } from "node:assert/strict";
import type { ScreenTerminal } from "../../screen/terminal.ts";
import { steadyTerminal } from "./steady_terminal.ts";

/** A terminal on which nobody has typed yet. */
function quiet() {
  const reads: PromiseWithResolvers<Uint8Array | null>[] = [];
  const terminal: ScreenTerminal = {
    size: () => ({ columns: 80, rows: 24 }),
    write: () => {},
    read() {
      const read = Promise.withResolvers<Uint8Array | null>();
      reads.push(read);
      return read.promise;
    },
    take: () => ({ [Symbol.dispose]: () => {} }),
    onSignals: () => ({ [Symbol.dispose]: () => {} }),
  };
  return { reads, steady: steadyTerminal(terminal) };
}

Deno.test("steadyTerminal() gives a read that was left behind to whoever reads next", async () => {
  const { reads, steady } = quiet();
  const left = steady.read();
  const next = steady.read();
  equal(reads.length, 1);
  reads[0]!.resolve(new Uint8Array([1]));
  deepEqual([await left, await next], [new Uint8Array([1]), new Uint8Array([1])]);
  const later = steady.read();
  equal(reads.length, 2);
  reads[1]!.resolve(null);
  equal(await later, null);
});

Deno.test("steadyTerminal() reads anew after a read that failed", async () => {
  const { reads, steady } = quiet();
  const failing = steady.read();
  reads[0]!.reject(new Error("gone"));
  await rejects(failing, /gone/);
  const next = steady.read();
  reads[1]!.resolve(new Uint8Array([2]));
  deepEqual(await next, new Uint8Array([2]));
});
