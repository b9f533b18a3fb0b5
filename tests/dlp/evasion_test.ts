import { deepEqual } from "node:assert/strict";
import { buildScanner } from "../../dlp/scanner.ts";
import { corpus, type EvasionRow, sampleTest } from "./corpora.ts";

/** Rows about who is talked to, not about what is said: the proxy's allowlist and credentials answer them. */
const NOT_CONTENT: ReadonlySet<string> = new Set(["attacker-key-llm", "port"]);

sampleTest("a secret is found however a row of the evasions hides it", () => {
  const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ payload }) => payload !== undefined);
  const scanner = buildScanner({ secrets: [{ name: "SECRET", value: rows[0]!.secret }] });
  const missed = rows.filter(({ id, expected, payload }) => {
    if (expected !== "block" || NOT_CONTENT.has(id)) return false;
    const { matches } = scanner.scan(new TextEncoder().encode(payload));
    return !matches.some(({ rule }) => rule === "SECRET");
  });
  deepEqual(missed.map(({ id }) => id), []);
});
