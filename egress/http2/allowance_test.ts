import assert from "node:assert/strict";
import { Allowance } from "./allowance.ts";

function taken(allowance: Allowance, times: number): number {
  return Array.from({ length: times }, () => allowance.take()).filter(Boolean).length;
}

Deno.test("an allowance is a burst, then a rate, and never more than the burst", () => {
  let now = 1_000;
  const allowance = new Allowance(10, 4, () => now);
  assert.equal(taken(allowance, 100), 10);
  now += 1_000;
  assert.equal(taken(allowance, 100), 4);
  now += 250;
  assert.equal(taken(allowance, 100), 1);
  now += 3_600_000;
  assert.equal(taken(allowance, 100), 10);
});

Deno.test("what is given back to an allowance is no more than the burst", () => {
  const allowance = new Allowance(10, 0, () => 0);
  assert.equal(taken(allowance, 8), 8);
  allowance.give(3);
  assert.equal(taken(allowance, 100), 5);
  allowance.give(100);
  assert.equal(taken(allowance, 100), 10);
});
