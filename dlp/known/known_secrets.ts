import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";
import type { View } from "../text/view.ts";
import { exactForms, projectableForms } from "./encodings.ts";
import { GramIndex, type Needle } from "./gram_index.ts";
import { informativeWindows, offsetOf, project, WINDOW } from "./projection.ts";
import { valueProjections } from "./value_projections.ts";

/** A value that must not leave, and how it is called. */
export interface KnownSecret {
  /** The variable that holds it; the value is never shown. */
  readonly name: string;
  readonly value: string;
  /** Made to be caught: any appearance is an exfiltration. */
  readonly canary?: boolean;
}

/** How well a secret can be guarded. */
export interface SecretStrength {
  readonly name: string;
  /** `weak`: looked for exactly as it is only; `empty`: cannot be looked for. */
  readonly strength: "strong" | "weak" | "empty";
  readonly reason?: string;
}

/** Finds known secrets in views. */
export interface KnownSecretScanner {
  readonly strengths: readonly SecretStrength[];
  scan(view: View): Match[];
}

/** Name that findings of known secrets carry. */
export const KNOWN_SECRETS = "known_secrets";
/** Name that findings of a canary carry. */
export const CANARY = "canary";

/** Encoded forms spread a secret over more characters: parts shorter than this are not distinctive. */
const ENCODED_LEAST = 16;
const SHORTEST = 4;

interface Meaning {
  readonly secret: KnownSecret;
  readonly encoding: string;
}

/** How well `secret` can be guarded: it needs 12 letters and digits, 6 of them different. */
export function strengthOf({ name, value }: KnownSecret): SecretStrength {
  if (Buffer.byteLength(value) < SHORTEST) {
    return { name, strength: "empty", reason: `it has fewer than ${SHORTEST} bytes` };
  }
  const letters = value.replace(/[^A-Za-z0-9]/g, "");
  if (letters.length < WINDOW) {
    return { name, strength: "weak", reason: `it has fewer than ${WINDOW} letters and digits` };
  }
  if (new Set(letters.toLowerCase()).size < 6) {
    return { name, strength: "weak", reason: "it has fewer than 6 different letters and digits" };
  }
  return { name, strength: "strong" };
}

/** Prepares the search for all forms of `secrets`. */
export function buildKnownSecretScanner(secrets: readonly KnownSecret[]): KnownSecretScanner {
  const strengths = secrets.map(strengthOf);
  const projected: { needle: Needle; meaning: Meaning }[] = [];
  const exact: { needle: Needle; meaning: Meaning }[] = [];
  secrets.forEach((secret, index) => {
    const { strength } = strengths[index]!;
    if (strength === "empty") return;
    for (const { encoding, text } of exactForms(secret.value)) {
      const bytes = Buffer.from(text, encoding === "plain" ? "utf8" : "latin1");
      if (
        strength === "weak" ? encoding !== "plain" : encoding !== "plain" && bytes.length < WINDOW
      ) {
        continue;
      }
      exact.push({ needle: wholeNeedle(bytes), meaning: { secret, encoding } });
    }
    if (strength === "weak") return;
    for (const part of projectableParts(secret.value)) {
      for (const { encoding, text, whole } of projectableForms(part)) {
        const needle = projectedNeedle(
          text,
          encoding === "plain" ? WINDOW : ENCODED_LEAST,
          whole === true,
        );
        if (needle !== undefined) projected.push({ needle, meaning: { secret, encoding } });
      }
    }
  });
  const projectedIndex = new GramIndex(projected.map(({ needle }) => needle));
  const exactIndex = new GramIndex(exact.map(({ needle }) => needle));
  return {
    strengths,
    scan(view) {
      const found = new Map<string, Match>();
      const report = (
        { secret, encoding }: Meaning,
        start: number,
        end: number,
        scattered: boolean,
      ) => {
        const match = matchOf(view, secret, encoding, start, end, scattered);
        const known = found.get(secret.name);
        if (known === undefined || (known.scattered === true && !scattered)) {
          found.set(secret.name, match);
        }
      };
      for (const { needle, start, end } of exactIndex.search(view.bytes)) {
        report(exact[needle]!.meaning, start, end, false);
      }
      if (projected.length === 0) return [...found.values()];
      const raw = project(view.bytes);
      for (const { needle, start, end } of projectedIndex.search(raw)) {
        const from = offsetOf(view.bytes, start);
        report(projected[needle]!.meaning, from, offsetOf(view.bytes, end - 1) + 1, true);
      }
      for (const values of valueProjections(view)) {
        for (const { needle } of projectedIndex.search(values)) {
          report(projected[needle]!.meaning, 0, view.bytes.length, true);
        }
      }
      return [...found.values()];
    },
  };
}

/**
 * The parts of a secret that are secret. Of a structured one the rest is public and common: headers of a JWT, the
 * armour and first bytes of a PEM key, the names in a JSON document, everything but the password of a URL.
 */
function projectableParts(value: string): string[] {
  const jwt = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]{16,})$/.exec(value);
  if (jwt !== null) return [jwt[1]!];
  if (value.includes("-----BEGIN ")) {
    const body = value.replace(/-----[^-]+-----/g, "").replace(/\\n|\s/g, "").slice(40);
    return strong([body]);
  }
  if (/^\s*\{/.test(value)) {
    try {
      const parts = leaves(JSON.parse(value)).flatMap((leaf) => projectableParts(leaf));
      if (parts.length > 0) return strong(parts);
    } catch { /* not JSON after all */ }
  }
  const url = /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s/@]{8,})@/i.exec(value);
  if (url !== null) return strong([decodeURIComponentOr(url[1]!)]);
  return [value];
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function strong(parts: readonly string[]): string[] {
  return parts.filter((value) => strengthOf({ name: "", value }).strength === "strong");
}

function leaves(value: unknown): string[] {
  if (typeof value === "string") return /^https?:|@|\.com$/.test(value) ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(leaves);
}

function wholeNeedle(bytes: Uint8Array): Needle {
  return { bytes, least: bytes.length, accepts: () => false };
}

function projectedNeedle(text: string, least: number, whole: boolean): Needle | undefined {
  const letters = text.replace(/[^A-Za-z0-9]/g, "");
  if (letters.length < WINDOW) return undefined;
  const bytes = project(Buffer.from(letters, "latin1"));
  if (whole || letters.length < least) return wholeNeedle(bytes);
  const informative = informativeWindows(letters);
  return {
    bytes,
    least,
    accepts: (start, length) =>
      informative.slice(start, start + length - WINDOW + 1).includes(true),
  };
}

function matchOf(
  view: View,
  secret: KnownSecret,
  encoding: string,
  start: number,
  end: number,
  scattered: boolean,
): Match {
  const detector = secret.canary === true ? CANARY : KNOWN_SECRETS;
  const form = encoding === "plain" ? "" : ` (${encoding})`;
  return {
    detector,
    rule: secret.name,
    severity: "block",
    reason: secret.canary === true
      ? `the bottle's canary ${secret.name} is leaving${form}`
      : `holds the secret ${secret.name}, or a part of it${form}`,
    ...view.origin(start, end),
    via: encoding === "plain" ? view.via : [...view.via, encoding],
    ...(scattered ? { scattered } : {}),
  };
}
