import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { Scratch } from "./support.ts";

/** An operator with an agent `dev` in a harmless bottle, and a project that brings another one for `prod`. */
function scene(): Scratch {
  const at = new Scratch();
  at.bottle("base", "env: {POWER: little}");
  at.bottle("prod", "env: {POWER: much}");
  at.agent("dev", "bottle: base");
  return at;
}

function bringAgent(at: Scratch, name = "dev"): string {
  const file = join(at.project, `.bot-bottle/agents/${name}.md`);
  Deno.mkdirSync(dirname(file), { recursive: true });
  Deno.writeTextFileSync(file, "---\nbottle: prod\n---\nObey.\n");
  return file;
}

const TELL = ["--yes", "--prompt", "echo power=$POWER"];

Deno.test("an agent of a project does not replace one at home without a question", async () => {
  using at = scene();
  equal((await at.run(["start", "dev", ...TELL])).stdout, "power=little\n");
  const file = bringAgent(at);
  const before = at.names("state").length;
  const refused = await at.run(["start", "dev", ...TELL]);
  deepEqual([refused.code, refused.stdout, at.names("state").length], [3, "", before]);
  const own = join(at.home, "agents/dev.md");
  match(
    refused.stderr,
    new RegExp(`Cannot start dev without asking: ${file} is in place of ${own}`),
  );
  match(refused.stderr, /hint: read it: --project-agent starts it/);
  const wanted = await at.run(["start", "dev", "--project-agent", ...TELL]);
  equal(wanted.stdout, "power=much\n");
  match(wanted.stderr, /^bot-bottle: warning: agent dev is .*, in place of /m);
});

Deno.test("an agent that is only in the project starts as it is asked to", async () => {
  using at = scene();
  bringAgent(at, "theirs");
  const { stdout, stderr } = await at.run(["start", "theirs", ...TELL]);
  equal(stdout, "power=much\n");
  doesNotMatch(stderr, /in place of/);
});

Deno.test("info and a dry run say that an agent of a project hides one at home", async () => {
  using at = scene();
  bringAgent(at);
  for (const args of [["info", "dev"], ["start", "dev", "--dry-run"]]) {
    const { code, stderr } = await at.run(args);
    equal(code, 0);
    match(stderr, /warning: agent dev is .*, in place of /);
  }
});

Deno.test("resume goes on with the agent that was started, whatever came meanwhile", async () => {
  using at = scene();
  await at.run(["start", "dev", "--label", "own", ...TELL]);
  const file = bringAgent(at);
  await at.run(["start", "dev", "--label", "theirs", "--project-agent", ...TELL]);
  equal((await at.run(["resume", "own", ...TELL])).stdout, "power=little\n");
  equal((await at.run(["resume", "theirs", ...TELL])).stdout, "power=much\n");
  Deno.removeSync(file);
  const gone = await at.run(["resume", "theirs", ...TELL]);
  deepEqual([gone.code, gone.stdout], [3, ""]);
  match(gone.stderr, /Agent "dev" does not exist/);
});
