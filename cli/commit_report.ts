import type { SnapshotReport } from "../backends/backend.ts";
import type { Snapshot } from "./bottle/snapshots.ts";
import type { RunningState } from "./commit_choice.ts";

/** What people are told; names of files are not among it. */
export function reportLines(
  { slug, record }: RunningState,
  { folder }: Snapshot,
  { entries, bytes, changed, unopened }: SnapshotReport,
  leftOut: readonly string[],
  seconds: number,
): string[] {
  const files = (count: number) => `${count} ${count === 1 ? "file" : "files"}`;
  return [
    `committed ${slug}: ${entries} files and folders, ${size(bytes)}, in ${seconds.toFixed(1)} s`,
    ...(changed === 0 ? [] : [
      `${
        files(changed)
      } changed meanwhile and may be half-written in it; commit again when the agent rests`,
    ]),
    ...(unopened === 0 ? [] : [`${files(unopened)} left out: nobody can open them`]),
    ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.map((name) => `~/${name}`).join(", ")}`]),
    record.agent === undefined
      ? `${slug} ran a command, so it is not resumed`
      : `the next bot-bottle resume ${slug} starts from it`,
    `export it: tar -C ${shellWord(folder)} -cf ${slug}.tar home workspace`,
  ];
}

/** Bytes for people. */
export function size(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 10 ? `${mebibytes.toFixed(1)} MiB` : `${Math.round(mebibytes)} MiB`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
