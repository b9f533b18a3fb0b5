import { corpus, type RuleRow, type TokenRow } from "./corpora.ts";

let compiled: { rule: string; regex: RegExp }[] | undefined;

/**
 * Whether a rule of the reference set other than the row's own takes its text for a credential: a negative sample of
 * one rule is often a real credential of another (a bot token among the negatives of webhooks).
 */
export function otherRulesMatch(row: TokenRow): boolean {
  compiled ??= corpus<RuleRow>("tokens_rules.jsonl.gz").flatMap(({ rule, regex_js, flags_js }) => {
    if (regex_js === undefined || /generic|password|url|host|account|curl/.test(rule)) return [];
    try {
      return [{ rule, regex: new RegExp(regex_js, flags_js) }];
    } catch {
      return [];
    }
  });
  return compiled.some(({ rule, regex }) => rule !== row.rule && regex.test(row.text));
}
