/** The push gate as an agent meets it: git in a real bottle, through `./bot-bottle run`, and a real sshd behind the gate. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { Scratch, until } from "../cli/support.ts";
import { type SshUpstream, startSshd } from "../gitgate/ssh_upstream.ts";
import { prepare } from "./local_services.ts";

const WHO = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];

/** A bottle with one repository, and its upstream behind sshd. */
class Scene implements AsyncDisposable {
  readonly at = new Scratch();
  readonly bare = join(this.at.root, "up/app.git");
  sshd!: SshUpstream;

  static async open(more = ""): Promise<Scene> {
    const scene = new Scene();
    const { at, bare } = scene;
    Deno.mkdirSync(join(at.root, "up"));
    await prepare("git", ["init", "-q", "--bare", "-b", "main", bare], at.root);
    const seed = join(at.root, "seed");
    await prepare("git", ["init", "-q", "-b", "main", seed], at.root);
    Deno.writeTextFileSync(join(seed, "README"), "hello\n");
    await prepare("git", [...WHO, "add", "."], seed);
    await prepare("git", [...WHO, "commit", "-qm", "Begin"], seed);
    await prepare("git", ["push", "-q", bare, "main"], seed);
    scene.sshd = await startSshd(join(at.root, "sshd"), join(at.root, "up"));
    at.bottle(
      "dev",
      `git-gate:
  user: { name: Ada, email: ada@example.org }
  repos:
    app:
      url: ${scene.url}
      host_key: "${scene.sshd.hostKey}"
      key: { provider: static, path: ${scene.sshd.identityFile} }
${more}`,
    );
    return scene;
  }

  get url(): string {
    return this.sshd.url("app.git");
  }

  /** Runs a shell script in the bottle after a clone into /tmp/app. */
  async script(text: string, env: Readonly<Record<string, string>> = {}) {
    const line = `set -e; ${MUST_FAIL}; git clone -q ${this.url} /tmp/app; cd /tmp/app; ${text}`;
    return await this.at.run(["run", "--bottle", "dev", "--", "sh", "-c", line], env);
  }

  /** What the upstream has, by ref. */
  async refs(): Promise<Record<string, string>> {
    const { stdout } = await new Deno.Command("git", {
      args: ["--git-dir", this.bare, "for-each-ref", "--format=%(refname) %(subject)"],
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return Object.fromEntries(lines.map((line) => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1)];
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sshd?.[Symbol.asyncDispose]();
    this.at[Symbol.dispose]();
  }
}

/** `set -e` does not see a command behind `!`. */
const MUST_FAIL = 'must_fail() { if "$@"; then echo "this worked: $*" >&2; exit 9; fi; }';
const COMMIT = (file: string, subject: string) =>
  `git add ${file}; git commit -qm ${JSON.stringify(subject)}`;

Deno.test("an agent clones, pushes branches and tags, and fetches, with plain git and the upstream's own URL", async () => {
  await using scene = await Scene.open();
  const { code, stderr } = await scene.script(`
    git checkout -qb agent/work; echo more > more.txt; ${COMMIT("more.txt", "Add more")}
    git push -q origin agent/work
    git push -q origin agent/work            # up to date
    git tag -a v1 -m "First"; git push -q origin v1
    git checkout -qb agent/old HEAD~1; echo old > old.txt; ${COMMIT("old.txt", "From an old base")}
    git push -q origin agent/old
    git fetch -q origin; git log -1 --format=%s origin/agent/work
    test "$(git log -1 --format='%an <%ae>')" = "Ada <ada@example.org>"`);
  equal(code, 0, stderr);
  deepEqual(await scene.refs(), {
    "refs/heads/main": "Begin",
    "refs/heads/agent/old": "From an old base",
    "refs/heads/agent/work": "Add more",
    "refs/tags/v1": "First",
  });
});

Deno.test("a push with a token is refused with its file, and the bottle's canary in Base64 too; a clean one follows", async () => {
  await using scene = await Scene.open();
  const { code, stderr } = await scene.script(`
    token="ghp_$(head -c 300 /dev/urandom | base64 | tr -dc A-Za-z0-9 | head -c 36)"
    echo "key = $token" > config.ini; ${COMMIT("config.ini", "Configure")}
    must_fail git push origin main
    git reset -q --hard origin/main
    env | grep -v '^BOT_BOTTLE' | grep -E '_(SECRET|TOKEN|KEY|PASSWORD|CREDENTIAL)=' | base64 > dump.txt
    test -s dump.txt; ${COMMIT("dump.txt", "Dump")}
    must_fail git push origin main
    git reset -q --hard origin/main
    echo clean > clean.txt; ${COMMIT("clean.txt", "Clean")}; git push -q origin main`);
  equal(code, 0, stderr);
  match(stderr, /git-gate: refused/);
  match(stderr, /config\.ini/);
  match(stderr, /dump\.txt/);
  doesNotMatch(stderr, /ghp_[A-Za-z0-9]{10}/);
  deepEqual(await scene.refs(), { "refs/heads/main": "Clean" });
});

Deno.test("D19, D20: the agent has no key, and no way to the upstream but the gate", async () => {
  await using scene = await Scene.open();
  const { code, stdout, stderr } = await scene.script(`
    test -z "$(find / -xdev \\( -name 'identity*' -o -name 'id_*' -o -name host_key \\) -type f 2>/dev/null)"
    export GIT_CONFIG_NOSYSTEM=1 GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=3'
    must_fail timeout 10 git ls-remote ${scene.url} 2>&1
    must_fail timeout 10 git ls-remote git://127.0.0.1:${scene.sshd.port}/app.git 2>&1
    must_fail timeout 10 git ls-remote https://127.0.0.1:${scene.sshd.port}/app.git 2>&1
    must_fail timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${scene.sshd.port}' 2>/dev/null
    echo held`);
  equal(code, 0, `${stdout}\n${stderr}`);
  match(stdout, /held\n$/);
});

Deno.test("a gitleaks:allow comment holds the push until a response is written by hand, and asks again for another push", async () => {
  await using scene = await Scene.open();
  const child = scene.at.start([
    ...["run", "--bottle", "dev", "--", "sh", "-c"],
    `set -e; ${MUST_FAIL}; git clone -q ${scene.url} /tmp/app; cd /tmp/app
     token="ghp_$(head -c 300 /dev/urandom | base64 | tr -dc A-Za-z0-9 | head -c 36)"
     echo "key = '$token' # gitleaks:allow" > sample.txt; ${COMMIT("sample.txt", "A sample")}
     git push origin main
     echo "other = '$(echo $token | rev)' # gitleaks:allow" > other.txt
     echo "key2 = 'ghp_$(head -c 300 /dev/urandom | base64 | tr -dc A-Za-z0-9 | head -c 36)' # gitleaks:allow" >> other.txt
     ${COMMIT("other.txt", "Another")}
     must_fail git push origin main`,
  ]);
  const output = child.output();
  const [first] = await answered(scene, (id) => ({
    proposal_id: id,
    status: "approved",
    notes: "a sample for a test",
  }));
  equal(first?.tool, "gitleaks-allow");
  ok(JSON.stringify(first).includes("sample.txt"));
  doesNotMatch(JSON.stringify(first), /ghp_[A-Za-z0-9]{10}/);
  const [second] = await answered(scene, (id) => ({
    proposal_id: id,
    status: "rejected",
    notes: "not this one",
  }), first!.id as string);
  ok(JSON.stringify(second).includes("other.txt"));
  const { code, stderr } = await output;
  const text = new TextDecoder().decode(stderr);
  equal(code, 0, text);
  match(text, /not this one/);
  deepEqual(await scene.refs(), { "refs/heads/main": "A sample" });
});

/** Waits for a proposal other than `after`, and answers it as an operator with an editor would. */
async function answered(
  scene: Scene,
  response: (id: string) => Record<string, unknown>,
  after?: string,
): Promise<[Record<string, unknown> | undefined]> {
  let found: Record<string, unknown> | undefined;
  await until(() => {
    for (const slug of scene.at.names("state")) {
      const queue = `state/${slug}/sidecar/queue`;
      for (const name of scene.at.names(queue)) {
        if (!name.endsWith(".proposal.json")) continue;
        const proposal = JSON.parse(
          Deno.readTextFileSync(join(scene.at.home, queue, name)),
        ) as Record<string, unknown>;
        if (proposal.id === after) continue;
        found = proposal;
        scene.at.write(
          `${queue}/${proposal.id}.response.json`,
          JSON.stringify(response(proposal.id as string)),
        );
        return true;
      }
    }
    return false;
  }, 60_000);
  return [found];
}
