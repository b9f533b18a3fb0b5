/**
 * Measures the detectors: recall and false positives per field on the corpora, and speed. Prints Markdown.
 *
 *     deno task bench:dlp [FOLDER]
 *
 * FOLDER: more harmless files to count false alarms in, beside the npm packages that the corpora name. Those are
 * fetched with npm and kept below `$BOT_BOTTLE_BENIGN` or the user's cache folder.
 */
import { cpuUsage } from "node:process";
import { PATTERN_TABLE } from "../dlp/patterns/table.ts";
import { buildScanner } from "../dlp/scanner.ts";
import { rawView } from "../dlp/text/view.ts";
import { buildTokenScanner } from "../dlp/tokens/token_scanner.ts";
import { corpus, type EvasionRow } from "../tests/dlp/corpora.ts";
import { falseAlarms, recall } from "./dlp_quality.ts";

const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const encode = (text: string) => new TextEncoder().encode(text);
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

/** Milliseconds of processor time of the cheapest run: other work on the machine does not count. */
function processorTime(run: () => void, times: number): number {
  return Math.min(...Array.from({ length: times }, () => {
    const before = cpuUsage();
    run();
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  }));
}

function slowest(): void {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const fillers = [`${letters}_-`.repeat(2), `${letters}+/=`.repeat(2), "://a:b@".repeat(18)];
  const taken = PATTERN_TABLE.map((row) => {
    const one = buildTokenScanner([row]);
    const worst = Math.max(...row.keywords.flatMap((keyword) =>
      fillers.map((filler) => {
        const unit = keyword + filler;
        const view = rawView(encode(unit.repeat(Math.ceil(1_000_000 / unit.length))));
        one.scan(view);
        return processorTime(() => one.scan(view), 3);
      })
    ));
    return { name: row.name, worst };
  }).sort((a, b) => b.worst - a.worst);
  print(
    "\n| slowest patterns, 1 MB full of the keyword, worst of 3 fillings | processor time |\n| --- | --- |",
  );
  for (const { name, worst } of taken.slice(0, 5)) print(`| ${name} | ${worst.toFixed(0)} ms |`);
  print(
    `| patterns above 50 ms | ${
      taken.filter(({ worst }) => worst > 50).length
    } of ${taken.length} |`,
  );
}

recall(scanner, print);
await falseAlarms(scanner, print, Deno.args[0]);
evasion();
speed();
slowest();
