import { type HostExecuted, hostExecuted, type WorkspaceSurvey } from "./bottle/host_executed.ts";
import { bottleLayout } from "./bottle/layout.ts";
import type { Host } from "./context.ts";
import { printableLine } from "../sys/log.ts";
import { bottleHome } from "./home.ts";

/** Most files that are named, so that all fits on 24 rows; the rest are counted. */
const MOST_NAMED = 16;
/** Files of instructions that are named, on one line. */
const MOST_INSTRUCTIONS = 4;

/**
 * Names what the agent left that would run on this machine later, before anybody uses the workspace.
 *
 * @param origin the folder that was copied into the workspace.
 */
export function tellHostExecuted(host: Host, slug: string, origin: string | undefined): void {
  const { workspace } = bottleLayout(bottleHome(host), host.uid, slug);
  for (const line of surveyLines(workspace, hostExecuted(workspace, origin))) host.log.warn(line);
}

/** A survey for people; nothing when there is nothing to look at. */
export function surveyLines(workspace: string, survey: WorkspaceSurvey): string[] {
  const { files, instructions, cut } = survey;
  const lines: string[] = [];
  if (files.length > 0 || cut) {
    lines.push(`look at these before you use ${workspace}: they would run on this machine`);
  }
  // First what hides more: nobody can tell what is in it.
  const ordered = [
    ...files.filter(({ change }) => change === "unreadable"),
    ...files.filter(({ change }) => change !== "unreadable"),
  ];
  for (const file of ordered.slice(0, MOST_NAMED)) {
    const what = file.what.length === 0 ? "" : ` (${printableLine(file.what.join(", "))})`;
    lines.push(`  ${named(file)}${what}`);
  }
  const rest = files.length - MOST_NAMED;
  if (rest > 0) lines.push(`  and ${rest} more`);
  if (cut) {
    lines.push("  and perhaps more: the workspace has too many files to look at all of them");
  }
  if (instructions.length > 0) {
    const some = instructions.slice(0, MOST_INSTRUCTIONS).map(named).join(", ");
    const more = instructions.length - MOST_INSTRUCTIONS;
    lines.push(
      `agents on this machine would obey ${some}${more > 0 ? ` and ${more} more` : ""}`,
    );
  }
  return lines;
}

function named({ change, path }: HostExecuted): string {
  return change === "unreadable"
    ? `${printableLine(path)} cannot be looked at`
    : `${change} ${printableLine(path)}`;
}
