import { ok } from "node:assert/strict";
import { buildScanner } from "../../dlp/scanner.ts";
import { corpus, type EvasionRow } from "./corpora.ts";

/** Rows about who is talked to, not about what is said: the proxy's allowlist and credentials answer them. */
const NOT_CONTENT: ReadonlySet<string> = new Set(["attacker-key-llm", "port"]);

const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ payload }) => payload !== undefined);
const scanner = buildScanner({ secrets: [{ name: "SECRET", value: rows[0]!.secret }] });

for (const { id, expected, payload } of rows) {
  if (expected !== "block" || NOT_CONTENT.has(id)) continue;
  Deno.test(`a secret hidden by ${id} is found`, () => {
    const { matches } = scanner.scan(new TextEncoder().encode(payload));
    ok(matches.some(({ rule }) => rule === "SECRET"));
  });
}
