import assert from "node:assert/strict";
import { GateFault } from "./gate_fault.ts";
import { Lane } from "./lane.ts";

const never = new AbortController().signal;

Deno.test("Lane lets one through at a time, in order", async () => {
  const lane = new Lane();
  const order: number[] = [];
  const first = await lane.enter(1000, never);
  const others = [1, 2].map(async (number) => {
    using _turn = await lane.enter(10_000, never);
    order.push(number);
  });
  await Promise.resolve();
  assert.deepEqual(order, []);
  first[Symbol.dispose]();
  await Promise.all(others);
  assert.deepEqual(order, [1, 2]);
});

Deno.test("Lane passes over who did not wait, and stays usable", async () => {
  const lane = new Lane();
  const first = await lane.enter(1000, never);
  await assert.rejects(lane.enter(1, never), GateFault);
  await assert.rejects(lane.enter(10_000, AbortSignal.abort()), GateFault);
  const third = lane.enter(10_000, never);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  using _again = await lane.enter(1000, never);
});
