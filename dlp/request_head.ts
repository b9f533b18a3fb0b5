import { Buffer } from "node:buffer";
import type { OutboundMessage } from "./detector.ts";

/** A line of a request's head, as detectors look at it. */
export interface HeadLine {
  readonly place: string;
  /** One character for each byte. */
  readonly text: string;
  /** What it carries, without names and separators: a value may be split over several. */
  readonly values: string;
  /** Whether `values` leaves out what stands between parts of a value. */
  readonly isList: boolean;
}

/** Fields whose names an event may tell; another name could be a part of what was found. */
const PLAIN_FIELDS =
  /^(?:accept|authorization|cookie|origin|referer|user-agent|x-api-key|api-key|x-auth-token|x-goog-api-key|private-token|content-(?:type|disposition|encoding))$/;

/** Host, path, query and header fields, a line each. */
export function headLines(
  { host, path, query, headers }: Pick<OutboundMessage, "host" | "path" | "query" | "headers">,
): HeadLine[] {
  const lines = [
    line("host", host, host.replaceAll(".", "")),
    line("path", path, path),
  ];
  if (query !== "") lines.push(line("query", query, valuesOf(query.slice(1), "&"), true));
  for (const { name, value } of headers) {
    const text = `${name}: ${value}`;
    const field = name.toLowerCase();
    if (field === "cookie") {
      lines.push(line("header cookie", text, valuesOf(value, ";"), true));
    } else lines.push(line(PLAIN_FIELDS.test(field) ? `header ${field}` : "headers", text, value));
  }
  return lines;
}

function line(place: string, text: string, values: string, isList = false): HeadLine {
  return { place, text, values, isList };
}

function valuesOf(list: string, separator: string): string {
  return list.split(separator).map((pair) => pair.slice(pair.indexOf("=") + 1)).join("");
}

/** Lines in one piece of bytes, and the place of a range of it. */
export function joinLines(
  lines: readonly HeadLine[],
): { readonly bytes: Uint8Array; placeOf(start: number, end: number): string } {
  return {
    bytes: Buffer.from(lines.map(({ text }) => text).join("\n"), "latin1"),
    placeOf(start, end) {
      let at = 0;
      for (const { place, text } of lines) {
        const next = at + text.length + 1;
        if (start < next) return end < next ? place : "request";
        at = next;
      }
      return "request";
    },
  };
}
