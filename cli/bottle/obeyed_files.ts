import type { OwnFiles } from "../../providers/provider.ts";
import { PROVIDERS } from "../../providers/registry.ts";

/** Files that some program on the host reads and obeys, by their path relative to any folder of the workspace. */
const OBEYED: readonly RegExp[] = [
  /(^|\/)\.git\/hooks\/[^/]+(?<!\.sample)$/,
  /(^|\/)\.husky\/.+$/s,
  /(^|\/)\.githooks\/.+$/s,
  // A file instead of the folder leads to a repository anywhere, with a configuration of its own.
  /(^|\/)\.git$/,
  /(^|\/)(\.envrc|\.mcp\.json|\.gitmodules|\.gitattributes|\.pre-commit-config\.yaml|lefthook\.ya?ml)$/,
  /(^|\/)\.(vscode|zed)\/(tasks|launch|settings|mcp)\.json$/,
  /(^|\/)\.idea\/.+$/s,
  // bot-bottle's own: an agent could write the manifest of the next one.
  /(^|\/)\.bot-bottle\/.+$/s,
  /\.code-workspace$/,
  /(^|\/)(\.npmrc|\.yarnrc(\.yml)?|\.?mise\.toml|\.tool-versions|\.exrc|\.n?vimrc|\.nvim\.lua)$/,
  /(^|\/)\.cargo\/config(\.toml)?$/,
  /(^|\/)\.devcontainer(\/(.+\/)?devcontainer)?\.json$/s,
  /(^|\/)(\.aider\.conf\.yml|opencode\.jsonc?)$/,
  /(^|\/)\.(github|gitea|forgejo)\/(workflows|actions)\/.+$/s,
  /(^|\/)(\.gitlab-ci\.yml|Jenkinsfile|azure-pipelines\.yml|bitbucket-pipelines\.yml|\.drone\.yml|\.travis\.yml)$/,
  /(^|\/)\.circleci\/.+$/s,
];
/** The configuration of a repository or a worktree. */
export const GIT_CONFIG = /(^|\/)\.git\/(?:.*\/)?config(?:\.worktree)?$/s;
/** Folders of such files: a link in the place of one brings files that nobody sees here. */
const OBEYED_FOLDERS =
  /(^|\/)(\.git(\/.+)?|\.husky|\.githooks|\.vscode|\.zed|\.idea|\.bot-bottle|\.devcontainer|\.cargo|\.circleci|\.(github|gitea|forgejo)(\/(workflows|actions))?)$/s;
/** What other agent CLIs have in a project; those that bottles run say theirs themselves. */
const OTHER_AGENTS: OwnFiles = {
  folders: [".cursor", ".gemini", ".opencode", ".windsurf", ".continue", ".kiro", ".roo"],
  instructions: [
    "GEMINI.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".goosehints",
    "copilot-instructions.md",
  ],
  logins: [],
};
/** What npm and its kin run scripts of. */
export const PACKAGE = /(^|\/)package\.json$/;

/** Whether a program on the host obeys the file at this path, relative to the workspace. */
export function isObeyed(path: string): boolean {
  return OBEYED.some((pattern) => pattern.test(path));
}

/** Whether files in the folder at this path are obeyed. */
export function isObeyedFolder(path: string): boolean {
  return OBEYED_FOLDERS.test(path);
}

/** Tells of a path in a workspace whether an agent CLI on the host obeys it. */
export interface AgentFiles {
  /** In a folder of its own: settings, hooks, skills. */
  obeys(path: string): boolean;
  /** That folder, the outermost; undefined for a path in none. */
  folderOf(path: string): string | undefined;
  /** A text that it takes for instructions. */
  instructs(path: string): boolean;
}

/** Which paths agent CLIs on the host obey: everything in their folders, and files of instructions anywhere. */
export function agentFiles(
  own: readonly OwnFiles[] = [...PROVIDERS.map(({ ownFiles }) => ownFiles), OTHER_AGENTS],
): AgentFiles {
  const folders = new Set(own.flatMap((files) => files.folders));
  // As on a file system that does not tell case apart.
  const instructions = new Set(
    own.flatMap((files) => files.instructions.map((name) => name.toLowerCase())),
  );
  return {
    obeys: (path: string) => path.split("/").some((step) => folders.has(step)),
    folderOf(path: string) {
      const steps = path.split("/");
      const at = steps.findIndex((step) => folders.has(step));
      return at < 0 ? undefined : steps.slice(0, at + 1).join("/");
    },
    instructs(path: string) {
      const steps = path.split("/");
      return instructions.has(steps.pop()!.toLowerCase()) &&
        !steps.some((step) => folders.has(step));
    },
  };
}
