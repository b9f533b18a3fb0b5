import { Buffer } from "node:buffer";
import { WINDOW } from "./projection.ts";

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

/** Bytes that a value needs to be looked for at all. */
const SHORTEST = 4;

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

/**
 * The parts of a secret that are secret. Of a structured one the rest is public and common: headers of a JWT, the
 * armour and first bytes of a PEM key, the names in a JSON document, everything but the password of a URL.
 */
export function projectableParts(value: string): string[] {
  const jwt =
    /^(?:[\w-]{1,16}[^A-Za-z0-9])?eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]{16,})$/.exec(
      value,
    );
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
