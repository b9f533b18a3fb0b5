import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import { MOST_ARGUMENT_BYTES } from "./argument_size.ts";

/** Commands with `--prompt TEXT` for an agent. */
const PROMPTED = ["start", "resume"];
/** Stands before a prompt on its way through the parser, which then takes it for nothing else. */
const MARK = "=";

/**
 * The arguments with every prompt as a word that the parser takes as it is: one may begin with a hyphen, hold line
 * breaks, or be empty. {@linkcode parsePrompt} takes the mark off.
 */
export function markPrompts(args: readonly string[]): string[] {
  const marked = [...args];
  if (!PROMPTED.includes(args[0] ?? "")) return marked;
  for (let at = 1; at < marked.length && marked[at] !== "--"; at++) {
    const word = marked[at]!;
    if (word.startsWith("--prompt=")) {
      marked.splice(at, 1, "--prompt", `${MARK}${word.slice("--prompt=".length)}`);
    } else if (word === "--prompt" && at + 1 < marked.length) {
      marked[at + 1] = `${MARK}${marked[at + 1]}`;
    } else continue;
    at++;
  }
  return marked;
}

/** What {@linkcode markPrompts} marked; {@linkcode withPrompt} judges it. */
export function parsePrompt(word: string): string {
  return word.startsWith(MARK) ? word.slice(MARK.length) : word;
}

/** Flags that say what an agent is asked. */
interface PromptFlags {
  readonly prompt?: string;
  readonly promptFile?: string;
}

/**
 * The flags with the prompt that they give, by itself or in a file.
 *
 * @throws BottleError `bad_prompt` for one that is empty or cannot be read.
 */
export function withPrompt<Flags extends PromptFlags>(flags: Flags): Flags & PromptFlags {
  const { prompt, promptFile } = flags;
  if (promptFile === undefined) {
    return prompt === undefined ? flags : { ...flags, prompt: checked(prompt) };
  }
  if (prompt !== undefined) {
    throw unusable("Cannot use both --prompt and --prompt-file", "leave one of them out");
  }
  return { ...flags, prompt: checked(readPrompt(promptFile)) };
}

function readPrompt(path: string): string {
  const name = path === "-" ? "stdin" : printable(path);
  let bytes: Uint8Array;
  try {
    if (path === "-") bytes = readAll(Deno.stdin);
    else {
      using file = Deno.openSync(path);
      bytes = readAll(file);
    }
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? "bot-bottle itself may not read there"
      : messageOf(error);
    throw unusable(
      `Cannot read the prompt from ${name}: ${printable(reason)}`,
      "name a file of this folder, or - for stdin",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\n+$/, "");
  } catch {
    throw unusable(`Cannot use ${name} as a prompt: it is no text`, "name a file in UTF-8");
  }
}

/** At most one byte more than a prompt can have: whoever judges it sees that it is too long. */
function readAll(source: { readSync(into: Uint8Array): number | null }): Uint8Array {
  const buffer = new Uint8Array(MOST_ARGUMENT_BYTES + 2);
  let length = 0;
  while (length < buffer.length) {
    const read = source.readSync(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function checked(prompt: string): string {
  if (prompt.trim() === "") {
    throw unusable(
      "Cannot use an empty prompt",
      "write what the agent shall do, or leave --prompt out for a session on the terminal",
    );
  }
  if (prompt.includes("\0")) {
    throw unusable("Cannot use a prompt with a NUL character", "take it out");
  }
  return prompt;
}

function unusable(message: string, hint: string): BottleError {
  return new BottleError(message, { code: "bad_prompt", exit: ExitCode.usage, hint });
}
