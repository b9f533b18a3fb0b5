import assert from "node:assert/strict";
import { GateScene } from "./gate_scene.ts";

Deno.test("a clone and a clean push go through the gate", async () => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  const commit = await client.commit("More", { "b.txt": "hello\n" });
  const t = performance.now();
  const pushed = await client.push("origin", "HEAD:refs/heads/agent/x");
  assert.equal(pushed.code, 0);
  assert.equal(await scene.upstreamRef("refs/heads/agent/x"), commit);
  await client.commit("More", {
    "c.txt": "token gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8\n",
  });
  const p2 = await client.push("origin", "HEAD:refs/heads/agent/x");
  assert.equal(p2.code, 1);
});
