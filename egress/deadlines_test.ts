import assert from "node:assert/strict";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines ends what is over, once, and nothing that was forgotten or put off", async () => {
  let now = 0;
  using deadlines = new Deadlines(() => now, 1);
  const expired: string[] = [];
  const deadline = (name: string, at: number) => {
    const watched = { at, expire: () => void expired.push(name) };
    deadlines.watch(watched);
    return watched;
  };
  deadline("first", deadlines.after(10));
  deadlines.forget(deadline("forgotten", deadlines.after(10)));
  const putOff = deadline("put off", deadlines.after(10));
  deadline("never", Infinity);
  putOff.at = 100;
  now = 11;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(expired, ["first"]);
  now = 101;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(expired, ["first", "put off"]);
});
