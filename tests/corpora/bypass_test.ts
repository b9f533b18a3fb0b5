import assert from "node:assert/strict";
import type { Cases } from "./case.ts";
import { controlCases } from "./control_cases.ts";
import { dnsCases } from "./dns_cases.ts";
import { ELSEWHERE } from "./elsewhere.ts";
import { http2Cases } from "./http2_cases.ts";
import { limitCases } from "./limit_cases.ts";
import { outboundCases } from "./outbound_cases.ts";
import { runRawRow } from "./raw_cases.ts";
import { responseCases } from "./response_cases.ts";
import { bypassRows } from "./rows.ts";
import { tlsCases } from "./tls_cases.ts";
import { webSocketCases } from "./websocket_cases.ts";

/** Stages whose rows are the bytes to send. */
const RAW_STAGES: ReadonlySet<string> = new Set(["proxy", "tunnel"]);

/** Rows that are more than bytes. */
const CASES: Cases = {
  ...controlCases,
  ...dnsCases,
  ...http2Cases,
  ...limitCases,
  ...outboundCases,
  ...responseCases,
  ...tlsCases,
  ...webSocketCases,
};

/** Rows that end safely in another way than the corpus has, and why. */
const OTHERWISE: Readonly<Record<string, { readonly verdict: string; readonly why: string }>> = {
  "h2-ext-connect": {
    verdict: "reject",
    why: "the extension is not offered, so the stream is reset as malformed (RFC 8441 section 3)",
  },
};

for (const row of bypassRows()) {
  if (row.id in ELSEWHERE) continue;
  const name = `The proxy answers ${row.expected} to ${row.id}: ${row.technique}`;
  const play = CASES[row.id];
  if (play === undefined && RAW_STAGES.has(row.stage)) Deno.test(name, () => runRawRow(row));
  else if (play !== undefined) {
    const expected = OTHERWISE[row.id]?.verdict ?? row.expected;
    Deno.test(name, async () => assert.equal(await play(row), expected));
  }
}

Deno.test("Every line of the bypass corpus is run or says where it belongs", () => {
  const ids = bypassRows().map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const missing = bypassRows().filter(({ id, stage }) =>
    !RAW_STAGES.has(stage) && !(id in CASES) && !(id in ELSEWHERE)
  );
  assert.deepEqual(missing.map(({ id }) => id), []);
  const unknown = [...Object.keys(CASES), ...Object.keys(ELSEWHERE)].filter((id) =>
    !ids.includes(id)
  );
  assert.deepEqual(unknown, []);
});
