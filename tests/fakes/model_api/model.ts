/** What a tool is called with: named arguments, or text in a language of its own. */
export type ToolInput = Readonly<Record<string, unknown>> | string;

/** What the model of a fake says next: words, or one call of a tool. */
export type Turn =
  | { readonly text: string }
  | { readonly tool: string; readonly input: ToolInput };

/** A conversation as every fake API sees it, whatever its wire format. */
export interface Conversation {
  /** Texts that the user typed, oldest first. */
  readonly prompts: readonly string[];
  /** Results of tools since the last of them. */
  readonly results: readonly string[];
  /** Names of the tools that the request offers. */
  readonly tools: readonly string[];
  /** Everything that stands before the conversation. */
  readonly system: string;
  /** Texts that the model said, oldest first. */
  readonly said: readonly string[];
}

/** The mind of a fake: a pure function. */
export type Model = (conversation: Conversation) => Turn;

/** The tool by which an agent runs a shell line, and what it is called with. */
export interface ShellTool {
  readonly name: string;
  input(line: string): ToolInput;
}

const COMMIT =
  "git init -q 2>/dev/null; git add hello.txt && git commit -q -m 'Add hello.txt' && git log --format=%s -1";

/**
 * Does what the tests ask for: creates and commits a file by tools, repeats what was said, and greets.
 *
 * @param write the tool that writes a file, where the agent has one; else the shell does it.
 */
export function obedientModel(
  shell: ShellTool,
  write?: { readonly name: string; input(path: string, text: string): ToolInput },
): Model {
  return ({ prompts, results, tools, said }) => {
    const prompt = prompts.at(-1) ?? "";
    if (!tools.includes(shell.name)) return { text: "A title" };
    if (/create hello\.txt and commit it/.test(prompt)) {
      if (results.length === 0) {
        return write === undefined
          ? { tool: shell.name, input: shell.input("echo hello > hello.txt") }
          : { tool: write.name, input: write.input("/workspace/hello.txt", "hello\n") };
      }
      if (results.length === 1) return { tool: shell.name, input: shell.input(COMMIT) };
      return { text: `Committed: ${results.at(-1)?.trim().split("\n").at(-1)}` };
    }
    if (/what did I ask first/.test(prompt)) {
      const asked = prompts.find((text) => !/what did I ask first/.test(text));
      return { text: `You asked first: ${asked ?? "nothing"} (${said.length} answers so far)` };
    }
    const line = /run: (.+)/.exec(prompt)?.[1];
    if (line !== undefined && results.length === 0) {
      return { tool: shell.name, input: shell.input(line) };
    }
    if (line !== undefined) return { text: `It said: ${results.at(-1)?.trim()}` };
    return { text: `Hello from the fake: ${prompt.trim().slice(-60)}` };
  };
}
