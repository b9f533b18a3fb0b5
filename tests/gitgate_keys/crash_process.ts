/**
 * A process that holds deploy keys until its stdin ends, for tests that kill it. Its options come as JSON in
 * `CRASH_OPTIONS`, the token as `CRASH_TOKEN`.
 */
import net from "node:net";
import { systemClock } from "../../core/clock.ts";
import { pause } from "../../gitgate/deploy_keys/effects.ts";
import { createHttpRequester } from "../../gitgate/deploy_keys/http_requester.ts";
import { openDeployKeys } from "../../gitgate/deploy_keys/session.ts";

const { provider, api, ca, folder } = JSON.parse(Deno.env.get("CRASH_OPTIONS")!);
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const session = await openDeployKeys(
  [{
    name: "app",
    url: "ssh://git@git.example.org/team/app.git",
    provider,
    api,
    tokenRef: "FORGE_TOKEN",
    token: Deno.env.get("CRASH_TOKEN")!,
  }],
  {
    request: createHttpRequester({
      extraCa: ca,
      connect: (_host, port) =>
        new Promise((resolve, reject) => {
          const socket = net.connect({ host: "127.0.0.1", port }, () => resolve(socket));
          socket.once("error", reject);
        }),
    }),
    clock: systemClock,
    pause,
    createBudget: 30_000,
    revokeBudget: 30_000,
    slug: "dev",
    recordFolder: `${folder}/deploy-keys`,
    identityFolder: `${folder}/identities`,
    record: () => {},
    warn: say,
  },
);
say("open");
await Deno.stdin.read(new Uint8Array(1));
await session[Symbol.asyncDispose]();
say("closed");
