import type { CommandRefusal } from "../policy/judge_commands.ts";
import { NO_OBJECT, type RefCommand } from "../protocol/receive_request.ts";
import type { RepoConfig } from "../repo_config.ts";
import type { NewObject } from "./new_objects.ts";
import type { Quarantine } from "./quarantine.ts";

/**
 * What is wrong with where refs are to point: branches are commits, and go forward.
 *
 * @param objects the new ones, whose kind is known already.
 */
export async function tipProblems(
  quarantine: Quarantine,
  commands: readonly RefCommand[],
  repo: RepoConfig,
  objects: readonly NewObject[],
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<CommandRefusal[]> {
  const { git } = quarantine.mirror;
  const place = quarantine.place();
  const problems: CommandRefusal[] = [];
  const tips = new Set(commands.map(({ new: to }) => to));
  const kinds = new Map(objects.filter(({ id }) => tips.has(id)).map(({ id, kind }) => [id, kind]));
  for (const { ref, old, new: to } of commands) {
    if (to === NO_OBJECT) continue;
    const branch = ref.startsWith("refs/heads/");
    const kind = kinds.get(to) ?? (await git.text(["cat-file", "-t", to], place, bounds)).trim();
    if (branch && kind !== "commit") {
      problems.push({ ref, rule: "not_a_commit", reason: `a branch cannot point to a ${kind}` });
      continue;
    }
    if (old === NO_OBJECT || repo.allowForce) continue;
    // Fails also for what leads to no commit, which contains nothing.
    const { code } = await git.run(["merge-base", "--is-ancestor", old, to], place, bounds);
    if (code !== 0) {
      problems.push({
        ref,
        rule: "force_not_allowed",
        reason: "it does not contain what the upstream has, and force pushes are not allowed here",
      });
    }
  }
  return problems;
}
