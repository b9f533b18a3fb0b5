import assert from "node:assert/strict";
import { ByteBudget } from "./byte_budget.ts";

Deno.test("ByteBudget gives no more than there is, and takes back what was given", () => {
  const budget = new ByteBudget(10);
  {
    using one = budget.share();
    using other = budget.share();
    assert.equal(one.take(6), true);
    assert.equal(other.take(5), false);
    assert.equal(other.take(4), true);
  }
  using again = budget.share();
  assert.equal(again.take(10), true);
});
