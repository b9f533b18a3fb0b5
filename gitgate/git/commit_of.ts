import type { TextSource } from "../scan/source.ts";
import type { Quarantine } from "./quarantine.ts";

/** A new commit that brought an object, also one that only a merge brought; undefined when git cannot tell. */
export async function commitOf(
  quarantine: Quarantine,
  { kind, id }: TextSource,
  tips: readonly string[],
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (kind === "commit") return id;
  if (id === undefined || kind === "tag") return undefined;
  const { code, stdout } = await quarantine.mirror.git.run(
    [
      "log",
      "-m",
      "-t",
      "--root",
      "--no-textconv",
      "--no-ext-diff",
      "--no-renames",
      "--format=%H",
      "--max-count=1",
      `--find-object=${id}`,
      ...tips,
      "--not",
      "--all",
    ],
    quarantine.place(),
    { ...bounds, timeout: Math.min(bounds.timeout, 20_000) },
  );
  const commit = new TextDecoder().decode(stdout).split("\n", 1)[0] ?? "";
  return code === 0 && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
}
