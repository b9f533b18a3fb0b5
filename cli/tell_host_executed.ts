import { dirname } from "node:path/posix";
import { type HostExecuted, hostExecuted, type WorkspaceSurvey } from "./bottle/host_executed.ts";
import { bottleLayout } from "./bottle/layout.ts";
import { agentFiles } from "./bottle/obeyed_files.ts";
import type { Host } from "./context.ts";
import { printableLine } from "../sys/log.ts";
import { bottleHome } from "./home.ts";

/** Lines about files, so that all fits on 24 rows; the rest are counted. */
const MOST_LINES = 16;
/** Files of one folder that are named each. */
const MOST_OF_A_FOLDER = 4;
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
  const groups = groupsOf(files);
  for (const { text } of groups.slice(0, MOST_LINES)) lines.push(`  ${text}`);
  const rest = groups.slice(MOST_LINES).reduce((sum, { count }) => sum + count, 0);
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

/**
 * One line a file; many files of one folder share one. What is at the top goes first, with the project's own
 * repository, so that an agent can push no hook out of sight by writing many other files.
 */
function groupsOf(files: readonly HostExecuted[]): { text: string; count: number }[] {
  const agents = agentFiles();
  const folders = Map.groupBy(files, ({ path }) => agents.folderOf(path) ?? dirname(path));
  return [...folders].sort(([a], [b]) => distance(a) - distance(b)).flatMap(([folder, inside]) => {
    // First what hides more: nobody can tell what is in it.
    const ordered = [
      ...inside.filter(({ change }) => change === "unreadable"),
      ...inside.filter(({ change }) => change !== "unreadable"),
    ];
    if (inside.length <= MOST_OF_A_FOLDER) {
      return ordered.map((file) => ({ text: lineOf(file), count: 1 }));
    }
    const [first] = ordered;
    const place = folder === "." ? "the workspace itself" : printableLine(folder);
    const text = `${inside.length} files in ${place}, such as ${lineOf(first!)}`;
    return [{ text, count: inside.length }];
  });
}

/** How far from the top a folder is; the folders of the repository at the top are nearer than any other. */
function distance(folder: string): number {
  const steps = folder === "." ? 0 : folder.split("/").length;
  return /^\.(git(\/|$)|$)/.test(folder) ? steps : steps + 1000;
}

function lineOf(file: HostExecuted): string {
  const what = file.what.length === 0 ? "" : ` (${printableLine(file.what.join(", "))})`;
  return `${named(file)}${what}`;
}

function named({ change, path }: HostExecuted): string {
  return change === "unreadable"
    ? `${printableLine(path)} cannot be looked at`
    : `${change} ${printableLine(path)}`;
}
