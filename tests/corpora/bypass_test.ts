import { ELSEWHERE } from "./elsewhere.ts";
import { runRawRow } from "./raw_cases.ts";
import { bypassRows } from "./rows.ts";

for (const row of bypassRows()) {
  if (row.id in ELSEWHERE) continue;
  if (row.stage === "proxy" || row.stage === "tunnel") {
    Deno.test(`The proxy answers ${row.expected} to ${row.id}: ${row.technique}`, () =>
      runRawRow(row));
  }
}
