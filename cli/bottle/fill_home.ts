import { dirname, join } from "node:path/posix";
import { copyTree } from "./copy_tree.ts";
import type { AgentSpec } from "./spec.ts";

/**
 * Puts what the agent's provider brings into the home of a bottle that is new and that nothing has run in.
 *
 * @param skip bot-bottle's own folder, which is never copied.
 */
export async function fillHome(
  folder: string,
  { home, skills }: Pick<AgentSpec, "home" | "skills">,
  skip: string,
): Promise<void> {
  for (const [path, text] of Object.entries(home)) {
    const file = join(folder, path);
    Deno.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(file, text, { mode: 0o600, createNew: true });
  }
  for (const { from, to } of skills) {
    const target = join(folder, to);
    Deno.mkdirSync(target, { recursive: true, mode: 0o700 });
    await copyTree(from, target, skip);
  }
}
