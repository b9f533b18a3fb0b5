import { deepEqual, equal, throws } from "node:assert/strict";
import { gitConfig, spellings } from "./git_config.ts";

/** What git itself reads from a configuration. */
async function read(text: string, args: readonly string[]): Promise<string> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, text);
    const { stdout, stderr, code } = await new Deno.Command("git", {
      args: ["config", "--file", file, ...args],
    }).output();
    equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("git reads back the identity as it was given, with quotes and backslashes", async () => {
  const name = 'Ada "the \\ first" # Lovelace; [x]';
  const text = gitConfig({ name, email: "ada@example.org" }, []);
  equal(await read(text, ["--get", "user.name"]), `${name}\n`);
  equal(await read(text, ["--get", "user.email"]), "ada@example.org\n");
});

Deno.test("git rewrites every spelling of an upstream to the gate, and nothing else", async () => {
  const text = gitConfig({}, [{ name: "app", url: "ssh://git@git.example.org:22/team/app.git" }]);
  const base = "url.http://git-gate:9420/app.git.insteadof";
  equal((await read(text, ["--get-all", base])).trim().split("\n").length, 6);
});

Deno.test("spellings() knows the default port and the scp-like form of ssh, and keeps another port", () => {
  deepEqual(spellings("ssh://git@git.example.org/team/app"), [
    "ssh://git@git.example.org/team/app.git",
    "ssh://git@git.example.org/team/app",
    "ssh://git@git.example.org:22/team/app.git",
    "ssh://git@git.example.org:22/team/app",
    "git@git.example.org:team/app.git",
    "git@git.example.org:team/app",
  ]);
  deepEqual(spellings("ssh://git@git.example.org:2222/app.git"), [
    "ssh://git@git.example.org:2222/app.git",
    "ssh://git@git.example.org:2222/app",
  ]);
  deepEqual(spellings("https://git.example.org/team/app.git"), [
    "https://git.example.org/team/app.git",
    "https://git.example.org/team/app",
  ]);
});

Deno.test("gitConfig() refuses a line break in a value", () => {
  throws(() => gitConfig({ name: "Ada\n[core]" }, []), /control byte/);
});
