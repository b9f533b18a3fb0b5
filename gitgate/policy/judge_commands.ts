import { NO_OBJECT, type RefCommand } from "../protocol/receive_request.ts";
import type { RepoConfig } from "../repo_config.ts";
import { fitsPattern, isReservedRef, refNameProblem } from "./ref_name.ts";

/** Why a command is refused, in words for whoever pushes. */
export interface CommandRefusal {
  readonly ref: string;
  readonly rule: string;
  readonly reason: string;
}

/**
 * What is wrong with commands, before any object is looked at. All of a push or nothing of it is taken.
 *
 * @param current every ref of the upstream with its object id.
 */
export function judgeCommands(
  commands: readonly RefCommand[],
  repo: RepoConfig,
  current: ReadonlyMap<string, string>,
): CommandRefusal[] {
  const seen = new Set<string>();
  const refusals: CommandRefusal[] = [];
  for (const command of commands) {
    const problem = judge(command, repo, current) ??
      (seen.has(command.ref) ? ["ref_repeated", "the push names it twice"] as const : undefined);
    seen.add(command.ref);
    if (problem !== undefined) {
      refusals.push({ ref: command.ref, rule: problem[0], reason: problem[1] });
    }
  }
  return refusals;
}

function judge(
  { ref, old, new: to }: RefCommand,
  repo: RepoConfig,
  current: ReadonlyMap<string, string>,
): readonly [rule: string, reason: string] | undefined {
  if (isReservedRef(ref)) return ["ref_reserved", "this place is never pushed to"];
  const name = refNameProblem(ref);
  if (name !== undefined) return ["ref_name", name];
  if (!repo.refs.some((pattern) => fitsPattern(ref, pattern))) {
    return ["ref_not_allowed", `only ${repo.refs.join(", ")} may be pushed`];
  }
  if (to === NO_OBJECT && !repo.allowDelete) {
    return ["delete_not_allowed", "deleting refs is not allowed here"];
  }
  if (to === NO_OBJECT && old === NO_OBJECT) return ["ref_missing", "there is no such ref"];
  const now = current.get(ref) ?? NO_OBJECT;
  if (old !== now) {
    return ["ref_moved", "the upstream has moved; fetch first, then push again"];
  }
  if (ref.startsWith("refs/tags/") && old !== NO_OBJECT && to !== NO_OBJECT && !repo.allowForce) {
    return ["force_not_allowed", "moving a tag is not allowed here"];
  }
  return undefined;
}
