import assert from "node:assert/strict";
import { checkArguments, MOST_ARGUMENT_BYTES } from "./argument_size.ts";

const START = { provider: "codex", argv: ["codex"], env: {}, prompt: undefined, file: "dev.md" };
const long = "€".repeat(Math.ceil((MOST_ARGUMENT_BYTES + 1) / 3));

Deno.test("checkArguments() names what is too long for the system, and what to do", () => {
  for (
    const [more, message, hint] of [
      [{ prompt: long, argv: ["codex", long] }, /the prompt has \d+ bytes/, /into a file/],
      [{ argv: ["codex", long] }, /one of its arguments has/, /shorten the text of dev\.md/],
      [{ argv: ["codex", long], file: undefined }, /one of its/, /shorten startup_args/],
      [{ env: { TEXT: long } }, /the variable TEXT has/, /file of the workspace/],
    ] as const
  ) {
    assert.throws(() => checkArguments({ ...START, ...more }), {
      code: "argument_too_long",
      message,
      hint,
    });
  }
});

Deno.test("checkArguments() takes what the system takes, to the byte", async () => {
  const most = "x".repeat(MOST_ARGUMENT_BYTES);
  checkArguments({ ...START, argv: ["true", most], prompt: most });
  const run = async (argument: string) =>
    (await new Deno.Command("/bin/true", { args: [argument] }).output()).success;
  assert.equal(await run(most), true);
  await assert.rejects(() => run(`${most}x`));
  assert.throws(() => checkArguments({ ...START, argv: ["true", `${most}x`] }));
  checkArguments({ ...START, env: { A: most.slice(2) } });
  assert.throws(() => checkArguments({ ...START, env: { A: most.slice(1) } }));
});
