import { basename, dirname, join, resolve } from "node:path/posix";

/**
 * Where `path` really is, as the sidecar's permissions judge it: links followed, as far as it is there and may be
 * looked at. The last name need not exist.
 */
export function realPath(cwd: string, path: string): string {
  const whole = resolve(cwd, path);
  for (
    const follow of [
      () => Deno.realPathSync(whole),
      () => join(Deno.realPathSync(dirname(whole)), basename(whole)),
    ]
  ) {
    try {
      return follow();
    } catch { /* not there, or outside what the host may read */ }
  }
  return whole;
}
