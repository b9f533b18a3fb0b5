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
import { printInjection } from "./injection.ts";

const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const encode = (text: string) => new TextEncoder().encode(text);
const scanner = buildScanner();

/** Milliseconds of processor time of the runs, the cheapest first: other work on the machine counts little. */
function processorTimes(run: () => void, times: number): number[] {
  return Array.from({ length: times }, () => {
    const before = cpuUsage();
    run();
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  }).sort((a, b) => a - b);
}

function evasion(): void {
  const rows = corpus<EvasionRow>("evasion.jsonl").filter(({ payload }) => payload !== undefined);
  const known = buildScanner({ secrets: [{ name: "SECRET", value: rows[0]!.secret }] });
  print("\n| hidden secrets, expected | payloads | found |\n| --- | --- | --- |");
  for (const expected of ["block", "warn", "undetectable-by-single-request"]) {
    const some = rows.filter((row) => row.expected === expected);
    const found = some.filter(({ payload }) =>
      known.scan(encode(payload!)).matches.some(({ rule, detector }) =>
        rule === "SECRET" || detector === "opaque"
      )
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

function scannerWith(secrets: number) {
  return buildScanner({
    secrets: Array.from({ length: secrets }, (_, index) => ({
      name: `SECRET_${index}`,
      value: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30)))),
    })),
  });
}

/** The places of an ordinary request, as the detector of requests looks at them. */
const REQUEST = [
  "registry.example.com",
  "registryexamplecom",
  "/left-pad/-/left-pad-1.3.0.tgz",
  "?search=left+pad&page=2",
  "left+pad2",
  "host: registry.example.com\nuser-agent: npm/10.8.2 node/v22.3.0 linux x64\naccept: application/json\n" +
  "accept-encoding: gzip, deflate, br\nconnection: keep-alive\nnpm-command: install\n",
  "registry.example.comnpm/10.8.2 node/v22.3.0 linux x64application/jsongzip, deflate, brkeep-aliveinstall",
].map(encode);

function speed(): void {
  const scanners = [0, 1, 8].map(scannerWith);
  print("\n| known secrets | 0 | 1 | 8 | 8, per MiB |\n| --- | --- | --- | --- | --- |");
  const row = (name: string, bytes: number, times: number, run: (at: number) => void) => {
    // Of small inputs several together: processor time is counted in steps.
    const together = Math.max(1, Math.round((1 << 18) / bytes));
    const taken = scanners.map((_, at) => {
      for (let warm = 0; warm < Math.min(times * 2, 30) * together; warm++) run(at);
      return processorTimes(() => {
        for (let index = 0; index < together; index++) run(at);
      }, times)[times >> 1]! / together;
    });
    const shown = taken.map((took) =>
      took < 0.1 ? `${(took * 1000).toFixed(0)} µs` : `${took.toFixed(2)} ms`
    );
    print(`| ${name} | ${shown.join(" | ")} | ${(taken[2]! / bytes * (1 << 20)).toFixed(1)} ms |`);
  };
  const size = REQUEST.reduce((sum, { length }) => sum + length, 0);
  row(`places of a request, ${size} bytes`, size, 20, (at) => {
    for (const place of REQUEST) scanners[at]!.scan(place);
  });
  for (
    const [name, bytes, times] of [["10 KiB", 10 << 10, 20], ["1 MiB", 1 << 20, 31], [
      "16 MiB",
      16 << 20,
      3,
    ]] as const
  ) {
    const text = conversation(bytes);
    row(`JSON conversation, ${name}`, bytes, times, (at) => void scanners[at]!.scan(text));
  }
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
        return processorTimes(() => one.scan(view), 3)[0]!;
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
printInjection(print);
