/** A process that cannot be confused with a later one that got the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Start time in clock ticks since boot; field 22 of /proc/PID/stat, see proc(5). */
  readonly start: string;
}

/** Parses one line of /proc/PID/stat; null when it is none. The name in parentheses may hold anything. */
export function parseProcessStat(line: string): ProcessId | null {
  const close = line.lastIndexOf(")");
  const pid = /^(\d+) \(/.exec(line)?.[1];
  const start = line.slice(close + 2).split(" ")[19];
  if (close < 0 || pid === undefined || start === undefined || !/^\d+$/.test(start)) return null;
  return { pid: Number(pid), start };
}
