/** A line of `bypass.jsonl`. */
export interface BypassRow {
  readonly id: string;
  readonly technique: string;
  readonly stage: string;
  readonly expected: string;
  readonly request: string;
}

/** A line of `http_conformance_http11probe.jsonl`. */
export interface ProbeRow {
  readonly id: string;
  readonly description: string;
  readonly expected: string;
  readonly request: string;
}

/** A line of `http_parser_llhttp.jsonl`. */
export interface ParserRow {
  readonly id: string;
  readonly title: string;
  readonly mode: string;
  readonly expected: "accept" | "reject";
  readonly request: string;
}

/** Reads a corpus. */
export function rows<Row>(file: string): Row[] {
  const text = Deno.readTextFileSync(new URL(`data/${file}`, import.meta.url));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
}

/** The cases of `bypass.jsonl`, without the line that states their policy. */
export function bypassRows(): BypassRow[] {
  return rows<BypassRow>("bypass.jsonl").filter(({ id }) => id !== "_policy");
}
