import { deepEqual, equal, ok } from "node:assert/strict";
import { strictest } from "../../dlp/finding.ts";
import { PATTERN_TABLE } from "../../dlp/patterns/table.ts";
import { buildScanner } from "../../dlp/scanner.ts";
import { CompiledPattern } from "../../dlp/tokens/compiled_pattern.ts";
import { type BenignRow, corpus, sampleTest, type TokenRow } from "./corpora.ts";
import { otherRulesMatch } from "./reference_rules.ts";
import { carriesSecret, renewedSamples, vendorFilter } from "./samples.ts";

const scanner = buildScanner();
const look = (text: string) => scanner.scan(new TextEncoder().encode(text)).matches;
const isBlocked = ({ text }: { text: string }) => strictest(look(text)) === "block";

sampleTest("at least 80 % of all token samples are found", () => {
  const rows = corpus<TokenRow>("tokens_tp.jsonl.gz");
  ok(rows.length > 4000);
  const found = rows.filter(({ text }) => look(text).length > 0).length;
  ok(found >= rows.length * 0.8, `${found} of ${rows.length}`);
});

sampleTest("99 % of the samples of the table's vendors that hold a secret are found", () => {
  const rows = corpus<TokenRow>("tokens_tp.jsonl.gz").filter(vendorFilter());
  ok(rows.length > 4000);
  const secret = rows.filter(carriesSecret);
  ok(secret.length > rows.length * 0.96, `${secret.length} of ${rows.length}`);
  const found = secret.filter(({ text }) => look(text).length > 0).length;
  ok(found >= secret.length * 0.99, `${found} of ${secret.length}`);
});

sampleTest("99 % of them are found with other values too", () => {
  const rows = renewedSamples(corpus<TokenRow>("tokens_tp.jsonl.gz").filter(vendorFilter()), 7);
  ok(rows.length > 2500, `${rows.length}`);
  const secret = rows.filter(carriesSecret);
  const found = secret.filter(({ text }) => look(text).length > 0).length;
  ok(found >= secret.length * 0.99, `${found} of ${secret.length}`);
});

sampleTest("no harmless snippet is blocked", () => {
  const rows = corpus<BenignRow>("benign_snippets.jsonl.gz");
  ok(rows.length > 300);
  const blocked = rows.filter(isBlocked);
  deepEqual(blocked.map(({ id, kind }) => `${id} ${kind}`), []);
});

sampleTest("at most 2 % of the samples that no rule takes for a credential are blocked", () => {
  const rows = corpus<TokenRow>("tokens_fp.jsonl.gz").filter((row) => !otherRulesMatch(row));
  ok(rows.length > 500, `${rows.length}`);
  const blocked = rows.filter(isBlocked);
  ok(blocked.length <= rows.length * 0.02, `${blocked.length} of ${rows.length}`);
});

sampleTest(
  "at most 5 % of all negative samples are blocked, credentials of other rules among them",
  () => {
    const rows = corpus<TokenRow>("tokens_fp.jsonl.gz");
    ok(rows.length > 900, `${rows.length}`);
    const blocked = rows.filter(isBlocked);
    ok(blocked.length <= rows.length * 0.05, `${blocked.length} of ${rows.length}`);
  },
);

sampleTest("a token with a wrong checksum is held, one with a right checksum is blocked", () => {
  const rows = corpus<TokenRow>("tokens_tp_checksum.jsonl.gz");
  equal(rows.length, 48);
  for (const { id, text, checksum_valid } of rows) {
    deepEqual(
      look(text).map(({ severity }) => severity),
      [checksum_valid ? "block" : "supervise"],
      id,
    );
  }
});

sampleTest("no match quotes what it found", () => {
  for (const { text } of corpus<TokenRow>("tokens_tp_checksum.jsonl.gz")) {
    ok(!JSON.stringify(look(text)).includes(text.slice(8, 24)));
  }
});

Deno.test("no pattern reaches further than a bounded number of bytes", () => {
  for (const row of PATTERN_TABLE) ok(new CompiledPattern(row).reach[1] <= 16_384, row.name);
});
