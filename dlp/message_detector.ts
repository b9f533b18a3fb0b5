import { Buffer } from "node:buffer";
import { withoutContentCoding } from "./content_coding.ts";
import { headerInjection } from "./crlf.ts";
import type { Detector, Finding, OutboundMessage } from "./detector.ts";
import type { Match, Severity } from "./finding.ts";
import type { Scanner } from "./scanner.ts";

/** A piece of a request that is looked at on its own. */
interface Place {
  readonly place: string;
  readonly bytes: Uint8Array;
}

type PlacedMatch = Match & { readonly place: string };

/** The detector that looks at every part of a request; parts are also joined, since a value may be split over them. */
export function messageDetector(scanner: Scanner): Detector {
  return {
    name: "dlp",
    inspect(message) {
      const injected = headerInjection(message);
      if (injected !== undefined) {
        return { detector: "crlf", reason: `the ${injected} holds a line break`, place: injected };
      }
      const body = withoutContentCoding(message.body, headerValue(message, "content-encoding"));
      const doubts: string[] = [];
      if ("refused" in body) doubts.push(body.refused);
      if (!message.bodyComplete) doubts.push("the body goes on after what was looked at");
      const matches: PlacedMatch[] = [];
      for (
        const { place, bytes } of placesOf(message, "bytes" in body ? body.bytes : message.body)
      ) {
        const result = scanner.scan(bytes);
        for (const match of result.matches) matches.push({ ...match, place });
        if (result.incomplete !== undefined) doubts.push(`the ${place} has ${result.incomplete}`);
      }
      return verdict(matches, doubts);
    },
  };
}

const ORDER: Readonly<Record<Severity, number>> = { block: 0, supervise: 1, warn: 2 };

function verdict(matches: readonly PlacedMatch[], doubts: readonly string[]): Finding | undefined {
  const sorted = matches.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  const first = sorted[0];
  if (first !== undefined && first.severity !== "warn") {
    const { detector, severity, place } = first;
    return {
      detector,
      reason: `${first.reason}, in the ${place}`,
      severity,
      place,
      matches: sorted,
    };
  }
  if (doubts.length === 0) return undefined;
  return { detector: "dlp", reason: doubts.join("; "), severity: "supervise", matches: sorted };
}

function* placesOf(message: OutboundMessage, body: Uint8Array): Generator<Place> {
  const place = (name: string, text: string): Place => ({
    place: name,
    bytes: Buffer.from(text, "utf8"),
  });
  yield place("host", message.host);
  // Labels are data: joined they are one string, whatever the zone below.
  if (message.host.includes(".")) yield place("host", message.host.replaceAll(".", ""));
  yield place("path", message.path);
  if (message.query !== "") {
    yield place("query", `?${message.query}`);
    yield place(
      "query",
      message.query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1)).join(""),
    );
  }
  yield place("headers", message.headers.map(({ name, value }) => `${name}: ${value}`).join("\n"));
  yield place("headers", message.headers.map(({ value }) => value).join(""));
  const cookies = headerValue(message, "cookie");
  if (cookies !== "") {
    yield place(
      "cookies",
      cookies.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1)).join(""),
    );
  }
  if (body.length > 0) yield { place: "body", bytes: body };
}

function headerValue({ headers }: OutboundMessage, wanted: string): string {
  return headers.filter(({ name }) => name.toLowerCase() === wanted).map(({ value }) => value).join(
    ",",
  );
}
