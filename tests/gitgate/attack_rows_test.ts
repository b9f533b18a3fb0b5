import assert from "node:assert/strict";
import { ATTACK_ROWS } from "./attack_rows.ts";
import { AttackStage } from "./attack_stage.ts";
import { GateScene } from "./gate_scene.ts";

/** Whether the gate says the secret: git itself repeats the names of refs. */
function repeated(said: string, token: string): boolean {
  return said.split("\n").some((line) => line.startsWith("remote:") && line.includes(token));
}

Deno.test("the gate and the attack cases", async (t) => {
  await using scene = await GateScene.start();
  for (const { id, what, expected, attempt } of ATTACK_ROWS) {
    await t.step(`${id} ${what}: ${expected}`, async () => {
      await using stage = await AttackStage.open(scene.url, "check/", 60_000);
      const before = await scene.upstreamRefs();
      const { accepted, said } = await attempt(stage);
      assert.equal(accepted ? "accepted" : "refused", expected, said);
      const after = await scene.upstreamRefs();
      if (expected === "refused") {
        assert.equal(after, before, "the upstream has something new");
        assert.equal(repeated(said, stage.token), false, `the secret is repeated: ${said}`);
      }
      assert.equal(
        JSON.stringify(scene.events).includes(stage.token),
        false,
        "a secret in an event",
      );
    });
  }
  assert.deepEqual(scene.defects.map(String), []);
});
