/** Each name with the rule under which it is listed. */
export function tableOf<Rule extends string>(
  rows: Partial<Record<Rule, readonly string[]>>,
): ReadonlyMap<string, Rule> {
  const entries = Object.entries(rows) as [Rule, readonly string[]][];
  return new Map(entries.flatMap(([rule, names]) => names.map((name) => [name, rule] as const)));
}
