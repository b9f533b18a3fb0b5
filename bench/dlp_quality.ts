/** What the detectors find, and whom they stop without need: the tables of recall and false alarms. */
import { PATTERN_GROUPS, PATTERN_TABLE } from "../dlp/patterns/table.ts";
import type { TokenPattern } from "../dlp/patterns/row.ts";
import { type Severity, strictest } from "../dlp/finding.ts";
import type { Scanner } from "../dlp/scanner.ts";
import {
  benignCache,
  type Document,
  documents,
  holdsPrivateKey,
  type ManifestRow,
  unpackedPackage,
} from "../tests/dlp/benign_set.ts";
import { type BenignRow, corpus, type TokenRow } from "../tests/dlp/corpora.ts";
import { otherRulesMatch } from "../tests/dlp/reference_rules.ts";
import { carriesSecret, renewedSamples, vendorFilter } from "../tests/dlp/samples.ts";

type Print = (line: string) => void;
type Seen = ReadonlyMap<TokenRow, Severity | undefined>;

const encode = (text: string) => new TextEncoder().encode(text);
const share = (part: number, whole: number) => `${(100 * part / (whole || 1)).toFixed(1)} %`;
const vendorsOf = (rows: readonly TokenPattern[]) => new Set(rows.map(({ vendor }) => vendor)).size;

/** Samples of credentials by field: how many are found, and how many are found or hold no secret to find. */
export function recall(scanner: Scanner, print: Print): void {
  const samples = corpus<TokenRow>("tokens_tp.jsonl.gz");
  const seen = look(scanner, samples);
  print("| field | rows | vendors | samples | found | with a secret | found | stopped | blocked |");
  print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [field, group] of Object.entries(PATTERN_GROUPS)) {
    print(line(field, group, samples.filter(vendorFilter(group)), seen));
  }
  const inTable = samples.filter(vendorFilter());
  print(line("all vendors of the table", PATTERN_TABLE, inTable, seen));
  const renewed = renewedSamples(inTable);
  print(line("the same with other values", undefined, renewed, look(scanner, renewed)));
  print(line("all samples", undefined, samples, seen));
}

function look(scanner: Scanner, samples: readonly TokenRow[]): Seen {
  return new Map(
    samples.map((row) => [row, strictest(scanner.scan(encode(row.text)).matches)]),
  );
}

function line(
  field: string,
  rows: readonly TokenPattern[] | undefined,
  samples: readonly TokenRow[],
  seen: Seen,
): string {
  const secret = samples.filter(carriesSecret);
  const found = (some: readonly TokenRow[]) =>
    some.filter((row) => seen.get(row) !== undefined).length;
  const blocked = secret.filter((row) => seen.get(row) === "block").length;
  const held = secret.filter((row) => seen.get(row) === "supervise").length;
  return `| ${field} | ${rows?.length ?? ""} | ${rows === undefined ? "" : vendorsOf(rows)} | ${
    [
      samples.length,
      share(found(samples), samples.length),
      secret.length,
      share(found(secret), secret.length),
      share(blocked + held, secret.length),
      share(blocked, secret.length),
    ].join(" | ")
  } |`;
}

/** Harmless texts: how many are blocked, held and noted. Fetches the packages of the manifest. */
export async function falseAlarms(scanner: Scanner, print: Print, folder?: string): Promise<void> {
  const texts = (rows: readonly { text: string }[]) =>
    rows.map(({ text }): Document => ({ path: "", bytes: encode(text) }));
  const negatives = corpus<TokenRow>("tokens_fp.jsonl.gz");
  print(
    "\n| set | documents | MB | blocked | held | noted |\n| --- | --- | --- | --- | --- | --- |",
  );
  const row = (name: string, set: Iterable<Document>) =>
    print(`| ${name} | ${count(scanner, set).join(" | ")} |`);
  row("harmless snippets", texts(corpus<BenignRow>("benign_snippets.jsonl.gz")));
  row("negatives of other tools' rules", texts(negatives));
  const none = negatives.filter((negative) => !otherRulesMatch(negative));
  row("of these, no credential by any other rule", texts(none));
  if (folder !== undefined) row(folder.split("/").at(-1)!, documents(folder));
  const folders = await manifestFolders(print);
  row(`files of ${folders.length} npm packages`, without(folders));
  row("of these packages, files with a whole private key", withKeys(folders));
  blockedNegatives(scanner, print, negatives);
}

async function manifestFolders(print: Print): Promise<string[]> {
  const folders: string[] = [];
  for (const { source, package: name, version } of corpus<ManifestRow>("benign_manifest.jsonl")) {
    if (source !== "npm" || name === undefined || !version) continue;
    try {
      folders.push(await unpackedPackage(name, version));
    } catch (error) {
      print(`| NOT RUN: ${name}@${version} (cache ${benignCache()}): ${error} | | | | | |`);
    }
  }
  return folders;
}

function* without(folders: readonly string[]): Generator<Document> {
  for (const folder of folders) {
    for (const document of documents(folder)) if (!holdsPrivateKey(document)) yield document;
  }
}

function* withKeys(folders: readonly string[]): Generator<Document> {
  for (const folder of folders) {
    for (const document of documents(folder)) if (holdsPrivateKey(document)) yield document;
  }
}

function count(scanner: Scanner, set: Iterable<Document>): (number | string)[] {
  let many = 0, bytes = 0;
  const by = { block: 0, supervise: 0, warn: 0 };
  for (const document of set) {
    many++;
    bytes += document.bytes.length;
    const severity = strictest(scanner.scan(document.bytes).matches);
    if (severity !== undefined) by[severity]++;
  }
  return [many, (bytes / 1e6).toFixed(1), by.block, by.supervise, by.warn];
}

/** What is blocked among the negatives, by the row that blocks it. */
function blockedNegatives(scanner: Scanner, print: Print, rows: readonly TokenRow[]): void {
  const by = new Map<string, [other: number, alone: number]>();
  for (const row of rows) {
    const block = scanner.scan(encode(row.text)).matches.find((m) => m.severity === "block");
    if (block === undefined) continue;
    const entry = by.get(block.rule) ?? [0, 0];
    entry[otherRulesMatch(row) ? 0 : 1]++;
    by.set(block.rule, entry);
  }
  print("\n| negatives blocked by | another rule's credential | by this table alone |");
  print("| --- | --- | --- |");
  for (const [rule, [other, alone]] of [...by].sort((a, b) => b[1][0] - a[1][0])) {
    print(`| ${rule} | ${other} | ${alone} |`);
  }
}
