import type { EventFields } from "../../core/event.ts";
import type { InjectionFinding } from "../../dlp/injection/finding.ts";
import { printable } from "../denial.ts";

const MAX_PATH = 512;

/**
 * The event of signs of injection in an answer: which rules, never the text. One that is severe is named so.
 *
 * @param rule the route's host pattern.
 * @param mask removes what must not be stored from text.
 */
export function injectionEvent(
  { host, path }: { readonly host: string; readonly path: string },
  rule: string,
  findings: readonly InjectionFinding[],
  mask: (text: string) => string,
): EventFields {
  return {
    type: "injection_flagged",
    host: printable(mask(host)),
    path: printable(mask(path).slice(0, MAX_PATH)),
    rule,
    severity: findings.some(({ severity }) => severity === "block") ? "block" : "warn",
    signs: [...new Set(findings.map((finding) => finding.rule))],
  };
}
