import type { Match, Severity } from "../finding.ts";
import type { View } from "../text/view.ts";
import { CHECKS } from "./check.ts";

const DISCORD = /[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,40}/y;
const WIF = /^(?:5[HJK][1-9A-HJ-NP-Za-km-z]{49}|[KL][1-9A-HJ-NP-Za-km-z]{51})$/;

/** Credentials that no keyword announces: long runs whose own structure tells. */
export function runShapeMatches(view: View): Match[] {
  const matches: Match[] = [];
  const add = (
    rule: string,
    whose: string,
    start: number,
    end: number,
    severity: Severity = "block",
  ) =>
    matches.push({
      detector: "token_patterns",
      rule,
      severity,
      reason: `looks like ${whose} (${rule})${
        severity === "block" ? "" : ", but its first part is no id"
      }`,
      ...view.origin(start, end),
      via: view.via,
    });
  const { text } = view;
  for (const { start, end } of view.runs) {
    const length = end - start;
    if (length >= 23 && length <= 28 && text[end] === ".") {
      DISCORD.lastIndex = start;
      const token = DISCORD.exec(text)?.[0];
      const verdict = token === undefined ? "not-a-token" : CHECKS.discord(token);
      if (token !== undefined && verdict !== "not-a-token") {
        const severity = verdict === "right" ? "block" : "supervise";
        add("discord-bot-token", "a credential of Discord", start, start + token.length, severity);
      }
    } else if (length === 51 || length === 52) {
      const token = text.slice(start, end);
      if (WIF.test(token) && CHECKS.wif(token) === "right") {
        add("wallet-import-format", "the private key of a wallet", start, end);
      }
    }
  }
  return matches;
}
