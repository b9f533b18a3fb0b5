import { deepEqual, equal, match } from "node:assert/strict";
import { revokeLeftovers } from "../../gitgate/deploy_keys/leftovers.ts";
import { SETTLED_AFTER } from "../../gitgate/deploy_keys/lifecycle.ts";
import { DeployKeyRecords } from "../../gitgate/deploy_keys/records.ts";
import type { Fault } from "../fakes/forges/fake_forge.ts";
import { ForgeScene, PROVIDERS } from "../fakes/forges/forge_scene.ts";

const PROCESS = new URL("crash_process.ts", import.meta.url).pathname;

/** Where a process is killed, and what is then at the forge and in the records. */
interface CrashPoint {
  readonly when: string;
  readonly fault?: Fault;
  /** Keys at the forge. */
  readonly keys: number;
  /** Whether the record knows the forge's id. */
  readonly id: boolean;
}

const POINTS: readonly CrashPoint[] = [
  {
    when: "before the forge creates the key",
    fault: { on: "POST", answer: "hang" },
    keys: 0,
    id: false,
  },
  {
    when: "before the forge's answer arrives",
    fault: { on: "POST", acts: true, answer: "hang" },
    keys: 1,
    id: false,
  },
  { when: "while the key is in use", keys: 1, id: true },
  {
    when: "before the forge removes the key",
    fault: { on: "DELETE", answer: "hang" },
    keys: 1,
    id: true,
  },
  {
    when: "before the forge says that it removed the key",
    fault: { on: "DELETE", acts: true, answer: "hang" },
    keys: 0,
    id: true,
  },
];

/** Runs the process until it reaches the point, and kills it there. */
async function crash(scene: ForgeScene, folder: string, { fault }: CrashPoint): Promise<void> {
  const reached = Promise.withResolvers<void>();
  if (fault !== undefined) {
    scene.forge.fail(fault);
    scene.forge.onRequest = ({ method }) => {
      if (method === fault.on) reached.resolve();
    };
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--v8-flags=--enable-experimental-regexp-engine", PROCESS],
    env: {
      CRASH_TOKEN: scene.token,
      CRASH_OPTIONS: JSON.stringify({
        provider: scene.provider,
        api: scene.forge.api,
        ca: scene.authority.pem,
        folder,
      }),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.getReader();
  if (fault?.on !== "POST") {
    match(new TextDecoder().decode((await output.read()).value), /^open\n/);
    if (fault === undefined) reached.resolve();
  }
  if (fault?.on === "DELETE") await child.stdin.close();
  await reached.promise;
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  if (fault?.on !== "DELETE") await child.stdin.close().catch(() => undefined);
}

for (const provider of PROVIDERS) {
  Deno.test(`${provider}: a process killed at any step leaves no key without a record, and cleanup leaves neither`, async () => {
    for (const point of POINTS) {
      await using scene = await ForgeScene.open(provider);
      const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
      try {
        await crash(scene, folder, point);
        const records = new DeployKeyRecords(`${folder}/deploy-keys`);
        equal(scene.keys.length, point.keys, point.when);
        deepEqual(
          records.read().records.map(({ key_id }) => key_id !== null),
          [point.id],
          point.when,
        );

        scene.forge.onRequest = () => {};
        scene.clock.wall = Date.now() + SETTLED_AFTER;
        for (let round = 0; round < 2; round++) {
          const { revocations } = await revokeLeftovers(
            records.folder,
            () => scene.token,
            scene.effects(),
          );
          deepEqual(
            revocations.map(({ outcome, error }) => [outcome === "kept", error]),
            round === 0 ? [[false, undefined]] : [],
            point.when,
          );
        }
        deepEqual([scene.keys, records.read().records], [[], []], point.when);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    }
  });
}
