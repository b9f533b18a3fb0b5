import assert from "node:assert/strict";
import { MOST_ARGUMENT_BYTES } from "./argument_size.ts";
import { markPrompts, parsePrompt, withPrompt } from "./prompt_text.ts";

/** What the parser of the command line would give the flag. */
const taken = (...args: string[]) => {
  const marked = markPrompts(args);
  return parsePrompt(marked[marked.indexOf("--prompt") + 1]!);
};

Deno.test("a prompt is the word after --prompt or what follows --prompt=, whatever it is", () => {
  for (const text of ["-x", "--yes", "--", "=", "a\nb", "a=b", " a ", "=-x"]) {
    assert.equal(taken("start", "dev", "--prompt", text, "--yes"), text);
    assert.equal(taken("resume", `--prompt=${text}`, "--yes"), text);
  }
});

Deno.test("markPrompts() leaves every other word, other commands, and what follows -- as they are", () => {
  for (
    const args of [
      [],
      ["run", "--", "tool", "--prompt", "-x"],
      ["start", "--", "--prompt", "-x"],
      ["start", "dev", "--prompt"],
      ["init", "--prompt", "x"],
      ["start", "dev", "--prompt-file", "-"],
    ]
  ) assert.deepEqual(markPrompts(args), args);
  assert.deepEqual(markPrompts(["start", "--prompt", "--prompt", "a"]), [
    ...["start", "--prompt", "=--prompt", "a"],
  ]);
});

Deno.test("withPrompt() refuses an empty prompt with a message of its own", () => {
  for (const text of ["", "  ", "\n"]) {
    assert.throws(() => withPrompt({ prompt: taken("start", `--prompt=${text}`) }), {
      code: "bad_prompt",
      exit: 2,
      message: "Cannot use an empty prompt",
      hint: /leave --prompt out/,
    });
  }
  assert.deepEqual(withPrompt({}), {});
});

Deno.test("withPrompt() reads a prompt from a file, and refuses what is none", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const write = (content: Uint8Array) => {
      Deno.writeFileSync(`${folder}/p`, content);
      return `${folder}/p`;
    };
    const text = new TextEncoder();
    const read = (content: string | Uint8Array) =>
      withPrompt({
        promptFile: write(typeof content === "string" ? text.encode(content) : content),
      }).prompt;
    assert.equal(read("-x\n€\n\n"), "-x\n€");
    assert.throws(() => read("\n"), /empty prompt/);
    assert.throws(() => read("a\0b"), /NUL/);
    assert.throws(() => read(Uint8Array.of(0xff)), /it is no text/);
    assert.throws(() => withPrompt({ promptFile: `${folder}/none` }), /Cannot read the prompt/);
    assert.throws(() => withPrompt({ promptFile: folder }), /Cannot read the prompt/);
    assert.throws(() => withPrompt({ prompt: "a", promptFile: "b" }), /both/);
    const long = read("x".repeat(3 * MOST_ARGUMENT_BYTES))!;
    assert.ok(long.length > MOST_ARGUMENT_BYTES && long.length < 2 * MOST_ARGUMENT_BYTES);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  assert.deepEqual(withPrompt({ prompt: "a" }), { prompt: "a" });
});
