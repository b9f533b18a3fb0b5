import { deepEqual } from "node:assert/strict";
import { SecretAccumulator } from "../../dlp/accumulate/secret_accumulator.ts";
import { shortValues } from "../../dlp/accumulate/short_values.ts";
import { buildScanner } from "../../dlp/scanner.ts";
import { corpus, type EvasionRow, sampleTest } from "./corpora.ts";

/** Rows about who is talked to, not about what is said: the proxy's allowlist and credentials answer them. */
const NOT_CONTENT: ReadonlySet<string> = new Set(["attacker-key-llm", "port"]);

function rowsWithPayload(expected: string): EvasionRow[] {
  return corpus<EvasionRow>("evasion.jsonl").filter((row) =>
    row.expected === expected && row.payload !== undefined && !NOT_CONTENT.has(row.id)
  );
}

function scannerFor(secret: string) {
  return buildScanner({
    detectors: ["known_secrets"],
    secrets: [{ name: "SECRET", value: secret }],
  });
}

sampleTest("a secret is found however a row of the evasions hides it", () => {
  const rows = rowsWithPayload("block");
  const scanner = scannerFor(rows[0]!.secret);
  const missed = rows.filter(({ payload }) => {
    const { matches } = scanner.scan(new TextEncoder().encode(payload));
    return !matches.some(({ rule }) => rule === "SECRET");
  });
  deepEqual(missed.map(({ id }) => id), []);
});

sampleTest("every row that should at least be noted is a finding", () => {
  const rows = rowsWithPayload("warn");
  const scanner = scannerFor(rows[0]!.secret);
  const missed = rows.filter(({ payload }) =>
    scanner.scan(new TextEncoder().encode(payload)).matches.length === 0
  );
  deepEqual(missed.map(({ id }) => id), []);
});

/** How rows that need several requests send theirs: paths with queries, in order. */
const SPLIT: Readonly<Record<string, (secret: string) => string[]>> = {
  "one-char-path": (secret) => [...secret].map((character) => `/a/${character}`),
  "one-char-query": (secret) =>
    [...secret].map((character, index) => `/?i=${index}&c=${character}`),
  "partial-11": (secret) =>
    (secret.replace(/[^A-Za-z0-9]/g, "").match(/.{1,11}/g) ?? []).map((part) => `/p/${part}`),
  "ws-multi": (secret) => [...secret].map((character) => `/${character}`),
};

sampleTest("a secret that is split over requests is noticed before it has left", () => {
  const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ id }) => id in SPLIT);
  deepEqual(rows.map(({ id }) => id).sort(), Object.keys(SPLIT).sort());
  for (const { id, secret } of rows) {
    const accumulator = new SecretAccumulator([{ name: "SECRET", value: secret }], {
      clock: { now: () => new Date(0), monotonic: () => 0 },
    });
    const targets = SPLIT[id]!(secret);
    const first = targets.findIndex((target) => {
      const [path, query] = target.split("?");
      const pieces = shortValues({
        host: "api.example.com",
        path: path!,
        query: query ?? "",
        headers: [{ name: "accept", value: "*/*" }],
        body: new Uint8Array(0),
      });
      return accumulator.push("api.example.com", pieces).length > 0;
    });
    deepEqual(
      first > 0 && first < targets.length - 1,
      true,
      `${id}: ${first} of ${targets.length}`,
    );
  }
});
