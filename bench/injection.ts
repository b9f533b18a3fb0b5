import { Buffer } from "node:buffer";
import {
  buildInjectionDetector,
  type InjectionDetector,
} from "../dlp/injection/injection_detector.ts";
import { benignCache, documents } from "../tests/dlp/benign_set.ts";
import { type BenignRow, corpus } from "../tests/dlp/corpora.ts";

interface InjectionRow {
  readonly text: string;
  readonly source: string;
  readonly carrier?: string;
}

/** How many samples of a kind were seen. */
export interface Recall {
  readonly name: string;
  readonly rows: number;
  readonly seen: number;
}

/** How many harmless documents of a kind were not left alone. */
export interface FalseAlarms {
  readonly name: string;
  readonly documents: number;
  readonly flagged: number;
  readonly blocked: number;
  /** Documents of which a byte was removed. */
  readonly changed: number;
}

const KINDS: readonly (readonly [name: string, isOne: (row: InjectionRow) => boolean])[] = [
  [
    "CyberSecEval, direct",
    ({ source, carrier }) => /PurpleLlama/.test(source) && carrier === "direct",
  ],
  [
    "CyberSecEval, indirect",
    ({ source, carrier }) => /PurpleLlama/.test(source) && carrier !== "direct",
  ],
  ["garak", ({ source }) => /garak/.test(source)],
  ["BIPIA, text", ({ carrier }) => carrier === "indirect-text"],
  ["BIPIA, code", ({ carrier }) => carrier === "indirect-code"],
  ["Agent Security Bench, InjecAgent", ({ source }) => /AIOS/.test(source)],
  ["InjecGuard", ({ source }) => /InjecGuard/.test(source)],
  ["for coding agents", ({ source }) => !source.includes("@") && !/InjecAgent/.test(source)],
  ["all samples", () => true],
];

/** What costs most, when a text holds nothing else. */
const WORST = [
  "ignore ",
  "your response ",
  "display:none ",
  "&#105;",
  "\\u00",
  "](http",
  "a\u200bb",
  "\u202e ",
];

/** Shares of the hostile samples that are seen, by where they come from. */
export function measureRecall(detector: InjectionDetector): Recall[] {
  const rows = corpus<InjectionRow>("injection_tp.jsonl");
  const seen = new Set(
    rows.filter(({ text }) => detector.inspect(Buffer.from(text)).findings.length > 0),
  );
  return KINDS.map(([name, isOne]) => {
    const some = rows.filter(isOne);
    return { name, rows: some.length, seen: some.filter((row) => seen.has(row)).length };
  });
}

/** False alarms on the harmless samples. */
export function measureBenign(detector: InjectionDetector): FalseAlarms[] {
  return (["injection_benign.jsonl", "benign_snippets.jsonl.gz"] as const).map((file) =>
    count(detector, file, corpus<BenignRow>(file).map(({ text }) => Buffer.from(text)))
  );
}

/** The same on the files of npm packages that were fetched, by kind of file. */
export function* measurePackages(detector: InjectionDetector): Generator<FalseAlarms> {
  const kinds: Readonly<Record<string, RegExp>> = {
    "Markdown": /\.(?:md|markdown)$/i,
    "TypeScript": /\.[mc]?ts$/,
    "JavaScript": /\.[mc]?js$/,
    "JSON, source maps": /\.(?:json|map)$/,
    "CSS, SVG, HTML, text": /\.(?:css|svg|html?|txt|ya?ml|py)$/,
  };
  for (const [name, pattern] of Object.entries(kinds)) {
    const some = function* () {
      for (const { path, bytes } of documents(benignCache())) if (pattern.test(path)) yield bytes;
    };
    yield count(detector, name, some());
  }
}

function count(
  detector: InjectionDetector,
  name: string,
  texts: Iterable<Uint8Array>,
): FalseAlarms {
  let all = 0, flagged = 0, blocked = 0, changed = 0;
  for (const text of texts) {
    const { clean, findings } = detector.inspect(text);
    all++;
    if (findings.length > 0) flagged++;
    if (findings.some(({ severity }) => severity === "block")) blocked++;
    if (!Buffer.from(clean).equals(text)) changed++;
  }
  return { name, documents: all, flagged, blocked, changed };
}

/** Prints recall, false alarms and speed of the injection detector. */
export function printInjection(print: (line: string) => void): void {
  const detector = buildInjectionDetector();
  print("\n| signs of injection | samples | seen | |\n| --- | --- | --- | --- |");
  for (const { name, rows, seen } of measureRecall(detector)) {
    print(`| ${name} | ${rows} | ${seen} | ${(seen / rows * 100).toFixed(1)} % |`);
  }
  print("\n| harmless | documents | flagged | severe | changed |\n| --- | --- | --- | --- | --- |");
  const there = isThere(benignCache());
  const alarms = [...measureBenign(detector), ...(there ? measurePackages(detector) : [])];
  for (const { name, documents, flagged, blocked, changed } of alarms) {
    print(`| ${name} | ${documents} | ${flagged} | ${blocked} | ${changed} |`);
  }
  print("\n| text in pieces of 64 KiB | MB/s |\n| --- | --- |");
  const page = Deno.readFileSync(new URL("../docs/manifest.md", import.meta.url));
  const text = Buffer.concat(Array.from({ length: Math.ceil(8e6 / page.length) }, () => page));
  const json = Buffer.from(JSON.stringify({ text: text.toString() }));
  const full = (unit: string) => Buffer.from(unit.repeat(Math.ceil(2e6 / unit.length)));
  const cases = [
    ["Markdown", "text", text],
    ["JSON", "json", json],
    ...WORST.map((unit) => [`nothing but ${JSON.stringify(unit)}`, "text", full(unit)] as const),
  ] as const;
  for (const [name, kind, bytes] of cases) {
    const runs = Array.from({ length: 5 }, () => {
      const stream = detector.stream({ kind });
      const started = performance.now();
      for (let at = 0; at < bytes.length; at += 65_536) {
        stream.push(bytes.subarray(at, at + 65_536));
      }
      return bytes.length / 1e3 / (performance.now() - started);
    }).sort((a, b) => a - b);
    print(`| ${name} | ${runs[2]!.toFixed(0)} |`);
  }
}

if (import.meta.main) printInjection((line) => Deno.stdout.writeSync(Buffer.from(`${line}\n`)));

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
