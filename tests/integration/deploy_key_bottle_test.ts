/** A deploy key from a forge, for the life of one bottle: `./bot-bottle run` against a strict fake of the forge and a real sshd. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { processesNaming, Scratch, until } from "../cli/support.ts";
import { ForgeScene, makeToken } from "../fakes/forges/forge_scene.ts";
import { startSshd } from "../gitgate/ssh_upstream.ts";
import { prepare } from "./local_services.ts";

/** A bottle whose repository has a key made at the fake; sshd takes the key once the forge has it. */
class Scene implements AsyncDisposable {
  readonly at = new Scratch();
  readonly #open = new AsyncDisposableStack();
  forge!: ForgeScene;
  url!: string;
  #timer: ReturnType<typeof setInterval> | undefined;

  static async open(): Promise<Scene> {
    const scene = new Scene();
    const { at } = scene;
    scene.forge = scene.#open.use(await ForgeScene.open("gitea"));
    const root = join(at.root, "up");
    const bare = join(root, "team/app.git");
    await Deno.mkdir(join(root, "team"), { recursive: true });
    await prepare("git", ["init", "-q", "--bare", "-b", "main", bare], at.root);
    const sshd = scene.#open.use(await startSshd(join(at.root, "sshd"), root));
    // The forge's sshd knows the keys that the forge has.
    const authorized = join(at.root, "sshd/authorized_keys");
    scene.#timer = setInterval(() => {
      const lines = scene.forge.keys.map(({ type, blob }) =>
        `restrict,command="git-shell -c \\"git-\${SSH_ORIGINAL_COMMAND#git-}\\"" ${type} ${blob}\n`
      );
      Deno.writeTextFileSync(authorized, lines.join(""));
    }, 50);
    scene.url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}/team/app.git`;
    at.write("ca.pem", scene.forge.authority.pem);
    at.bottle(
      "dev",
      `egress:
  upstream_ca: ${join(at.home, "ca.pem")}
  hosts: { ${scene.forge.forge.host}: 127.0.0.1 }
git-gate:
  user: { name: Ada, email: ada@example.org }
  repos:
    app:
      url: ${scene.url}
      host_key: "${sshd.hostKey}"
      key: { provider: gitea, token_ref: FORGE_TOKEN, api: "${scene.forge.forge.api}" }`,
    );
    return scene;
  }

  get env(): Record<string, string> {
    return { FORGE_TOKEN: this.forge.token };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#open.disposeAsync();
    this.at[Symbol.dispose]();
  }
}

Deno.test("a bottle has a writable key at its forge while it runs, and none afterwards", async () => {
  await using scene = await Scene.open();
  const seen: boolean[] = [];
  scene.forge.forge.onRequest = () => seen.push(scene.forge.keys.every(({ writable }) => writable));
  const child = scene.at.start(
    ["run", "--bottle", "dev", "--", "sh", "-c", "env; sleep 1"],
    scene.env,
  );
  ok(await until(() => scene.forge.keys.length === 1, 30_000), "no key appeared");
  const [key] = scene.forge.keys;
  match(key!.title, /^bot-bottle dev-/);
  equal(key!.writable, true);
  const { code, stdout, stderr } = await child.output();
  equal(code, 0, new TextDecoder().decode(stderr));
  equal(new TextDecoder().decode(stdout).includes(scene.forge.token), false);
  deepEqual(scene.forge.keys, []);
  deepEqual(scene.at.names("state"), []);
  ok(seen.every(Boolean));
});

Deno.test("a bottle does not start when its forge refuses the token, and says so without it", async () => {
  await using scene = await Scene.open();
  const wrong = makeToken();
  const { code, stderr } = await scene.at.run(
    ["run", "--bottle", "dev", "--", "true"],
    { FORGE_TOKEN: wrong },
  );
  equal(code, 125, stderr);
  match(stderr, /app/);
  equal(stderr.includes(wrong), false);
  deepEqual(scene.forge.keys, []);
});

Deno.test("a killed bottle leaves a record, and cleanup revokes the key", async () => {
  await using scene = await Scene.open();
  const child = scene.at.start(["run", "--bottle", "dev", "--", "sleep", "600"], scene.env);
  ok(await until(() => scene.forge.keys.length === 1, 30_000), "no key appeared");
  const [slug] = scene.at.names("state");
  const records = `state/${slug}/sidecar/deploy-keys`;
  ok(await until(() => scene.at.names(records).length === 1, 10_000));
  for (const pid of processesNaming(`state/${slug}/sidecar`)) Deno.kill(pid, "SIGKILL");
  child.kill("SIGKILL");
  await child.output();
  equal(scene.forge.keys.length, 1);
  const withoutToken = await scene.at.run(["cleanup", "--yes"]);
  match(withoutToken.stderr, /FORGE_TOKEN/);
  equal(scene.forge.keys.length, 1);
  const { code, stdout, stderr } = await scene.at.run(["cleanup", "--yes"], scene.env);
  equal(code, 0, `${stdout}\n${stderr}`);
  deepEqual(scene.forge.keys, []);
  deepEqual(scene.at.names("state"), []);
});
