/**
 * Measures the detectors: recall and false positives per field on the corpora, and speed. Prints Markdown.
 *
 *     deno task bench:dlp [FOLDER]
 *
 * FOLDER: harmless files (unpacked npm packages, say) to count false alarms in.
 */
import { PATTERN_GROUPS, PATTERN_TABLE } from "../dlp/patterns/table.ts";
import { buildScanner } from "../dlp/scanner.ts";
import { rawView } from "../dlp/text/view.ts";
import { buildTokenScanner } from "../dlp/tokens/token_scanner.ts";
import { type BenignRow, corpus, type EvasionRow, type TokenRow } from "../tests/dlp/corpora.ts";
import { otherRulesMatch } from "../tests/dlp/reference_rules.ts";

const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const encode = (text: string) => new TextEncoder().encode(text);
const share = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)} %`;
const scanner = buildScanner();

/** Milliseconds of the median run. */
function median(run: () => void, times: number): number {
  const taken = Array.from({ length: times }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return taken.sort((a, b) => a - b)[times >> 1]!;
}

function recall(): void {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const rows = corpus<TokenRow>("tokens_tp.jsonl.gz");
  const found = new Set(rows.filter(({ text }) => scanner.scan(encode(text)).matches.length > 0));
  const inTable = new Set<TokenRow>();
  print("| field | rows | vendors | samples | found |\n| --- | --- | --- | --- | --- |");
  for (const [field, group] of Object.entries(PATTERN_GROUPS)) {
    const words = new Set(
      group.flatMap(({ vendor, keywords }) => [vendor, ...keywords].map(plain)),
    );
    const samples = rows.filter(({ vendor }) => words.has(plain(vendor)));
    samples.forEach((row) => inTable.add(row));
    const hits = samples.filter((row) => found.has(row)).length;
    const vendors = new Set(group.map(({ vendor }) => vendor)).size;
    print(
      `| ${field} | ${group.length} | ${vendors} | ${samples.length} | ${
        share(hits, samples.length || 1)
      } |`,
    );
  }
  const hits = [...inTable].filter((row) => found.has(row)).length;
  print(
    `| all vendors of the table | ${PATTERN_TABLE.length} | ${
      new Set(PATTERN_TABLE.map(({ vendor }) => vendor)).size
    } | ${inTable.size} | ${share(hits, inTable.size)} |`,
  );
  print(`| all samples | | | ${rows.length} | ${share(found.size, rows.length)} |`);
}

function falseAlarms(folder: string | undefined): void {
  const count = (rows: readonly { text: string }[]) => {
    let block = 0, supervise = 0;
    for (const { text } of rows) {
      const severities = scanner.scan(encode(text)).matches.map(({ severity }) => severity);
      if (severities.includes("block")) block++;
      else if (severities.length > 0) supervise++;
    }
    return `${rows.length} | ${block} | ${supervise}`;
  };
  const negatives = corpus<TokenRow>("tokens_fp.jsonl.gz");
  print("\n| set | documents | blocked | held |\n| --- | --- | --- | --- |");
  print(`| harmless snippets | ${count(corpus<BenignRow>("benign_snippets.jsonl.gz"))} |`);
  print(`| negatives of other tools' rules | ${count(negatives)} |`);
  print(
    `| of these, no credential by any other rule | ${
      count(negatives.filter((row) => !otherRulesMatch(row)))
    } |`,
  );
  if (folder !== undefined) {
    print(`| ${folder.split("/").at(-1)} | ${count([...files(folder)])} |`);
  }
}

function* files(folder: string): Generator<{ text: string }> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* files(path);
    else if (isFile && Deno.statSync(path).size < 4_000_000) {
      yield { text: Deno.readTextFileSync(path) };
    }
  }
}

function evasion(): void {
  const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ payload }) => payload !== undefined);
  const known = buildScanner({ secrets: [{ name: "SECRET", value: rows[0]!.secret }] });
  print("\n| hidden secrets, expected | payloads | found |\n| --- | --- | --- |");
  for (const expected of ["block", "warn", "undetectable-by-single-request"]) {
    const some = rows.filter((row) => row.expected === expected);
    const found = some.filter(({ payload }) =>
      known.scan(encode(payload!)).matches.some(({ rule }) => rule === "SECRET")
    );
    print(`| ${expected} | ${some.length} | ${found.length} |`);
  }
}

/** A conversation with a model of about `bytes`, from the project's own sources. */
function conversation(bytes: number): Uint8Array {
  const root = new URL("../", import.meta.url);
  const texts = ["core", "egress", "docs", "cli", "backends"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, root))].filter(({ isFile }) => isFile)
      .map(({ name }) => Deno.readTextFileSync(new URL(`${folder}/${name}`, root)).slice(0, 3000))
  );
  const messages: unknown[] = [];
  for (let size = 0, index = 0; size < bytes; index++) {
    const text = texts[index % texts.length]!;
    messages.push({
      role: index % 2 === 0 ? "user" : "assistant",
      content: [{ type: "text", text }],
    });
    size += text.length + 80;
  }
  return encode(JSON.stringify({ model: "example", messages })).subarray(0, bytes);
}

function speed(): void {
  const secrets = Array.from({ length: 8 }, (_, index) => ({
    name: `SECRET_${index}`,
    value: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30)))),
  }));
  const full = buildScanner({ secrets });
  print("\n| JSON conversation, 8 known secrets | median | per MiB |\n| --- | --- | --- |");
  for (
    const [name, size, times] of [["10 KiB", 10 << 10, 400], ["1 MiB", 1 << 20, 40], [
      "16 MiB",
      16 << 20,
      5,
    ]] as const
  ) {
    const bytes = conversation(size);
    for (let warm = 0; warm < Math.min(times, 100); warm++) if (size <= 1 << 20) full.scan(bytes);
    const took = median(() => full.scan(bytes), times);
    print(`| ${name} | ${took.toFixed(2)} ms | ${(took / size * (1 << 20)).toFixed(1)} ms |`);
  }
}

function slowest(): void {
  const filler = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const taken = PATTERN_TABLE.map((row) => {
    const one = buildTokenScanner([row]);
    const worst = Math.max(...row.keywords.map((keyword) => {
      const unit = keyword + filler.repeat(2);
      const view = rawView(encode(unit.repeat(Math.ceil(1_000_000 / unit.length))));
      return median(() => one.scan(view), 3);
    }));
    return { name: row.name, worst };
  }).sort((a, b) => b.worst - a.worst);
  print("\n| slowest patterns, 1 MB full of the keyword | median |\n| --- | --- |");
  for (const { name, worst } of taken.slice(0, 5)) print(`| ${name} | ${worst.toFixed(0)} ms |`);
  print(
    `| patterns above 50 ms | ${
      taken.filter(({ worst }) => worst > 50).length
    } of ${taken.length} |`,
  );
}

recall();
falseAlarms(Deno.args[0]);
evasion();
speed();
slowest();
