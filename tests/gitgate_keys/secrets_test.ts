import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { exactForms } from "../../dlp/known/exact_forms.ts";
import { openDeployKeys } from "../../gitgate/deploy_keys/session.ts";
import type { ForgeAnswer } from "../fakes/forges/fake_forge.ts";
import { ForgeScene, PROVIDERS } from "../fakes/forges/forge_scene.ts";
import { repoAt, SessionScene } from "./session_scene.ts";

/** Answers that repeat the token wherever an error might be quoted from. */
function echoes(token: string): readonly ForgeAnswer[] {
  const forms = [token, Buffer.from(token).toString("base64"), encodeURIComponent(token)];
  const bodies = forms.flatMap((form): readonly Omit<ForgeAnswer, "status">[] => [
    { json: { message: `no: ${form}` } },
    { json: { message: "no", errors: [{ message: form }] } },
    { json: { error: form, error_description: form } },
    { text: `no ${form}` },
    { text: `{"message":"${form}` },
  ]);
  const headers = { Location: `https://git.example.org/?t=${token}`, "Retry-After": "999" };
  // Every status, every shape and every form; all combinations would take a minute.
  return [302, 400, 401, 403, 404, 422, 429, 500, 201].flatMap((status, row) =>
    bodies.filter((_, index) => index % 5 === row % 5).map((body) => ({ status, headers, ...body }))
  );
}

for (const provider of PROVIDERS) {
  Deno.test(`${provider}: no token and no private key is in an error, a warning, a record or an event`, async () => {
    await using scene = await ForgeScene.open(provider);
    using bottle = new SessionScene();
    const seen: string[] = [];
    const privateKeys: string[] = [];
    const note = () => {
      for (const record of bottle.records) {
        seen.push(Deno.readTextFileSync(`${bottle.recordFolder}/${record.nonce}.json`));
      }
    };
    scene.forge.onRequest = note;
    const deps = bottle.deps(scene);
    const open = () => openDeployKeys([repoAt(scene, "app")], deps);
    let failures = 0;
    for (const answer of echoes(scene.token)) {
      scene.forge.fail({ on: "POST", answer });
      try {
        const session = await open();
        scene.forge.fail({ on: "DELETE", answer });
        await session[Symbol.asyncDispose]();
      } catch (error) {
        failures++;
        // Everything that a log could show of it: stack, hint, and causes with their fields.
        seen.push(inspect(error, { depth: null, showHidden: true, getters: true }));
      }
      note();
    }
    ok(failures > 15, `only ${failures} failures were looked at`);

    scene.forge.onRequest = note;
    const session = await open();
    privateKeys.push(Deno.readTextFileSync(session.identityFile("app")!));
    note();
    await session[Symbol.asyncDispose]();
    note();

    seen.push(inspect([bottle.events, bottle.warnings], { depth: null, maxArrayLength: null }));
    const all = [...new Set(seen)].join("\n");
    match(all, /deploy_key_created/);
    match(all, /"token_ref":"[A-Z]+_TOKEN"/);
    const forms = exactForms(scene.token).map((form) => Buffer.from(form).toString("latin1"));
    deepEqual(forms.filter((form) => all.includes(form)), []);
    const body = privateKeys[0]!.split("\n").slice(1, -2).join("");
    // The second half of the file holds the seed; the first is the public key.
    const seed = Buffer.from(body, "base64").subarray(-80, -20);
    equal(seed.length, 60);
    for (const encoding of ["base64", "hex", "latin1"] as const) {
      ok(!all.includes(seed.toString(encoding).slice(0, 24)));
    }
    ok(!all.includes("PRIVATE KEY"));
    // The check itself can fail.
    ok(`${all}${scene.token}`.includes(forms.find((form) => form === scene.token)!));
  });
}

Deno.test("what a forge says is shown without control characters", async () => {
  await using scene = await ForgeScene.open("gitea");
  using bottle = new SessionScene();
  scene.forge.fail({
    on: "POST",
    answer: { status: 422, json: { message: "\x1b]0;pwned\x07\x1b[2Jno\u202e!" } },
  });
  const error = await openDeployKeys([repoAt(scene, "app")], bottle.deps(scene))
    .then(() => undefined, (thrown: Error) => thrown);
  match(error!.message, /\ufffd\]0;pwned\ufffd\ufffd\[2Jno\ufffd!/);
  // deno-lint-ignore no-control-regex
  ok(!/[\x00-\x1f\x7f\u202e]/.test(error!.message));
});
