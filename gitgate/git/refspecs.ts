/**
 * What a mirror fetches: branches, tags, and any other place that may be pushed to, as forced refspecs.
 *
 * @param patterns refs that may be pushed, `*` for any characters.
 */
export function mirrorRefspecs(patterns: readonly string[]): string[] {
  const folders = new Set(["refs/heads/", "refs/tags/"]);
  for (const pattern of patterns) {
    const star = pattern.indexOf("*");
    const fixed = star < 0 ? pattern : pattern.slice(0, star);
    const folder = fixed.slice(0, fixed.lastIndexOf("/") + 1);
    const known = [...folders].some((other) => folder.startsWith(other));
    if (!known && /^refs\/[^/]+\//.test(folder)) folders.add(folder);
  }
  return [...folders].map((folder) => `+${folder}*:${folder}*`);
}
