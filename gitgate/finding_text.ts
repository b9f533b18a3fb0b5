import type { ShownFinding } from "./approval.ts";
import type { TextSource } from "./scan/source.ts";

/** Where something is, in words. */
export function sourceText(
  { kind, id, path }: TextSource,
  shown: (text: string) => string,
): string {
  switch (kind) {
    case "blob":
      return path === "" ? `object ${id?.slice(0, 12)}` : shown(path);
    case "tree":
      return path === "" ? "the entries of the top folder" : `the entries of folder ${shown(path)}`;
    case "commit":
      return `the message or header of commit ${id?.slice(0, 12)}`;
    case "tag":
      return `the message or header of tag object ${id?.slice(0, 12)}`;
    case "names":
      return "the name of a file or folder";
    case "request":
      return "the name of a ref, or a push option";
  }
}

/** One finding for whoever pushes; never the value. */
export function findingLine(
  { source, rules, known, line, commit }: ShownFinding,
  shown: (text: string) => string,
): string {
  const what = known ? "a credential of this bottle" : rules.join(", ");
  const at = line === undefined ? "" : ` line ${line}`;
  const by = commit === undefined || source.kind === "commit"
    ? ""
    : ` (commit ${commit.slice(0, 12)})`;
  return `  ${what} in ${sourceText(source, shown)}${at}${by}`;
}
