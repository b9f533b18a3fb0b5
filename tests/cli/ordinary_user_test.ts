/** The daily loop as somebody who is not root, in a home of their own. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "./pty.ts";
import { cacheFolder, type Ended, ROOT, until } from "./support.ts";

/** A uid that nobody has. */
const UID = 54_322;

if (Deno.uid() === 0) {
  Deno.test("an ordinary user makes, starts, commits, resumes, edits and removes", {
    // The pty library keeps its own handles until the process ends.
    sanitizeOps: false,
    sanitizeResources: false,
  }, async () => {
    using user = new User();
    await user.settle();
    const init = ["init", "--agent", "dev", "--bottle", "dev", "--provider", "command", "--yes"];
    await user.does(...init);
    const script = "id -u > ~/uid; mkdir -p shut/in; echo one > f; echo kept > shut/in/g; " +
      "chmod 4755 f; chmod 0 shut/in shut; touch ready; sleep 1000";
    const child = user.start("start", "dev", "--yes", "--label", "box", "--prompt", script);
    const workspace = `${user.home}/.bot-bottle/state/box/workspace`;
    assert.ok(await until(() => exists(`${workspace}/ready`), 60_000), "the agent is at work");
    const commit = (await user.does("commit")).stdout.trim();
    assert.equal(Deno.lstatSync(`${commit}/workspace/f`).uid, UID);
    assert.equal(Deno.readTextFileSync(`${commit}/workspace/shut/in/g`), "kept\n");
    child.kill("SIGTERM");
    await child.output();
    Deno.writeTextFileSync(`${workspace}/f`, "two\n");

    const resume = ["resume", "box", "--yes", "--prompt"];
    const read = "cat f; stat -c %a shut; chmod -R u+rwx shut; cat shut/in/g";
    assert.equal((await user.does(...resume, read)).stdout, "one\n0\nkept\n");
    assert.equal((await user.does(...resume, "cat f", "--from", "before")).stdout, "two\n");
    const refused = await user.ends(user.start("transcript", "box"));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /provider command keeps none/);

    using editing = user.screen("edit", "dev");
    await editing.shows(/changed agent dev/);
    assert.equal(await editing.ended(), 0);
    const agent = `${user.home}/.bot-bottle/agents/dev.md`;
    assert.match(Deno.readTextFileSync(agent), /Answer briefly\.\n$/);
    assert.equal(Deno.statSync(agent).uid, UID);

    await user.does("audit", "verify", "box");
    await user.does("remove", "box", "--yes");
    assert.deepEqual([...Deno.readDirSync(`${user.home}/.bot-bottle/state`)], []);
  });
}

/** Somebody with an installation, a home and a project of their own; everything goes at disposal. */
class User implements Disposable {
  readonly #root = Deno.makeTempDirSync({ prefix: "bb-user-" });
  readonly home = join(this.#root, "home");
  readonly #installed = join(this.#root, "installed");
  readonly #project = join(this.#root, "project");

  /** The checkout and Deno may be in a folder that only root enters: the user gets copies. */
  async settle(): Promise<void> {
    for (const folder of [this.home, this.#installed, this.#project]) Deno.mkdirSync(folder);
    const source = Deno.readTextFileSync(join(ROOT, "scripts/deno-version")).trim();
    await system(
      "cp",
      ["-R", ...["bot-bottle", "dist", "scripts", "deno.json"].map((name) => join(ROOT, name))],
      this.#installed,
    );
    await system("cp", ["-R", join(cacheFolder(), `deno-${source}`)], this.#root);
    const editor = join(this.#root, "my editor");
    // A file of its own takes the draft's place, as many editors do it.
    Deno.writeTextFileSync(
      editor,
      `#!/bin/sh\n{ cat "$2"; echo Answer briefly.; } > "$2.new" && mv "$2.new" "$2"\n`,
      { mode: 0o755 },
    );
    await system("chown", ["-R", `${UID}:${UID}`], this.#root);
    await system("chmod", ["-R", "a+rX"], this.#root);
    Deno.chmodSync(this.home, 0o700);
  }

  start(...args: string[]): Deno.ChildProcess {
    return new Deno.Command("setpriv", {
      args: [...this.#become(), ...args],
      cwd: this.#project,
      clearEnv: true,
      env: this.#env(),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async ends(child: Deno.ChildProcess): Promise<Ended> {
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Runs the program, which has to succeed. */
  async does(...args: string[]): Promise<Ended> {
    const ended = await this.ends(this.start(...args));
    assert.equal(ended.code, 0, `${args[0]}: ${ended.stderr}`);
    return ended;
  }

  screen(...args: string[]): Screen {
    return new Screen("setpriv", [...this.#become(), ...args], {
      cwd: this.#project,
      env: { ...this.#env(), TERM: "xterm-256color" },
    });
  }

  #become(): string[] {
    const ids = [`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", "--"];
    return [...ids, join(this.#installed, "bot-bottle")];
  }

  #env(): Record<string, string> {
    return {
      PATH: "/usr/bin:/bin",
      HOME: this.home,
      BOT_BOTTLE_CACHE: this.#root,
      EDITOR: `"${join(this.#root, "my editor")}" -w`,
      NO_COLOR: "1",
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#root, { recursive: true });
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

async function system(program: string, args: readonly string[], last: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args, last] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
