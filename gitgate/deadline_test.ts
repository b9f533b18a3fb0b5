import assert from "node:assert/strict";
import { Deadline } from "./deadline.ts";
import { GateFault } from "./gate_fault.ts";

Deno.test("Deadline aborts when the time is over, and says that this is the reason", async () => {
  using deadline = new Deadline(1, new AbortController().signal);
  await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
  const reason = deadline.reasonOf(new Error("git was stopped"));
  assert.equal(reason instanceof GateFault && reason.code, "timeout");
  const own = new GateFault("bad_pack", "x");
  assert.equal(deadline.reasonOf(own), own);
});

Deno.test("Deadline aborts with the caller, whose reason it leaves alone", () => {
  const caller = new AbortController();
  using deadline = new Deadline(60_000, caller.signal);
  caller.abort();
  assert.equal(deadline.signal.aborted, true);
  const error = new Error("gone");
  assert.equal(deadline.reasonOf(error), error);
});
