import { deepEqual, equal, rejects } from "node:assert/strict";
import { BodyMemory } from "./body_memory.ts";

const stay = () => new AbortController().signal;

Deno.test("BodyMemory.reserve() lets those wait that find no room, in their order", async () => {
  const memory = new BodyMemory(10);
  const order: string[] = [];
  const first = await memory.reserve(6, stay());
  const second = memory.reserve(8, stay()).then((share) => (order.push("second"), share));
  const third = memory.reserve(2, stay()).then((share) => (order.push("third"), share));
  await Promise.resolve();
  deepEqual(order, [], "a small one overtook a large one");
  first.release();
  (await second).release();
  (await third).release();
  deepEqual(order, ["second", "third"]);
});

Deno.test("BodyMemory.reserve() gives everything to one that wants more than there is", async () => {
  const memory = new BodyMemory(10);
  const all = await memory.reserve(100, stay());
  const next = memory.reserve(1, stay());
  all.release();
  all.release(); // a second time gives nothing back
  (await next).release();
  (await memory.reserve(10, stay())).release();
});

Deno.test("MemoryShare.keep() gives back what a body of unknown length did not need", async () => {
  const memory = new BodyMemory(10);
  const share = await memory.reserve(10, stay());
  const next = memory.reserve(7, stay());
  share.keep(3);
  share.keep(5); // it never takes more
  (await next).release();
  share.release();
  (await memory.reserve(10, stay())).release();
});

Deno.test("BodyMemory.reserve() forgets those that leave, and lets those behind them in", async () => {
  const memory = new BodyMemory(10);
  const held = await memory.reserve(5, stay());
  const leaving = new AbortController();
  const large = memory.reserve(10, leaving.signal);
  const small = memory.reserve(5, stay());
  leaving.abort(new Error("gone"));
  await rejects(large, /gone/);
  (await small).release();
  held.release();
  await rejects(memory.reserve(1, leaving.signal), /gone/);
});

Deno.test("MemoryShare.rest() lets others move, and counts on in all that is held", async () => {
  const memory = new BodyMemory(25, 10);
  const first = await memory.reserve(10, stay());
  const order: string[] = [];
  const second = memory.reserve(10, stay()).then((share) => (order.push("second"), share));
  await Promise.resolve();
  equal(order.length, 0, "more moved at once than may");
  first.rest();
  first.rest(); // a second time gives nothing back
  const resting = await second;
  resting.rest();
  const third = memory.reserve(10, stay()).then((share) => (order.push("third"), share));
  await Promise.resolve();
  deepEqual(order, ["second"], "more was held than may be");
  first.release();
  (await third).release();
  resting.release();
  const leaving = new AbortController();
  const all = await memory.reserve(10, stay());
  const left = memory.reserve(10, leaving.signal);
  leaving.abort(new Error("gone"));
  await rejects(left, /gone/);
  all.release();
  (await memory.reserve(25, stay())).release(); // who left while waiting to move holds nothing
});
