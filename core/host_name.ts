import { parseIpv4, parseIpv6 } from "./ip_address.ts";

/** A host in the one normal form that is compared, logged, resolved and sent. */
export type Host =
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "ip"; readonly text: string; readonly zone: boolean };

/** Why a host or authority was not accepted: `malformed` is answered 400, `denied` 403. */
export interface HostProblem {
  readonly problem: "malformed" | "denied";
  readonly reason: string;
}

/** A host with its port. */
export interface Authority {
  readonly host: Host;
  readonly port: number;
}

const malformed = (reason: string): HostProblem => ({ problem: "malformed", reason });
const denied = (reason: string): HostProblem => ({ problem: "denied", reason });

/** Whether a parse gave a problem instead of a value. */
export function isHostProblem(value: object): value is HostProblem {
  return "problem" in value;
}

// Everything WHATWG host parsing would silently drop, map or split on is refused before it sees the text.
// deno-lint-ignore no-control-regex
const FORBIDDEN_ASCII = /[\x00-\x20\x7f%#?@\\/:<>^|,;"'`{}[\]()!$&*+=~]/;
const MAPPED_OR_IGNORED = /[\u3002\uff0e\uff61]|\p{Default_Ignorable_Code_Point}|\p{White_Space}/u;
const LABEL = /^[a-z0-9_-]{1,63}$/;

/**
 * The normal form of a host as it stands in an authority: lower case, one trailing dot removed, punycode,
 * IP literals in any spelling recognised as such.
 *
 * Checks the raw text first, because WHATWG parsing removes tabs and soft hyphens and maps
 * full-width dots (CVE-2024-29415 class).
 */
export function parseHost(raw: string): Host | HostProblem {
  if (raw === "") return malformed("the host is empty");
  if (raw.length > 1024) return malformed("the host is longer than 1024 characters");
  if (raw.startsWith("[")) return parseBracketed(raw);
  if (FORBIDDEN_ASCII.test(raw)) return malformed("the host holds a character no host name has");
  if (MAPPED_OR_IGNORED.test(raw)) {
    return malformed("the host holds a character that maps to another or to none");
  }
  const undotted = raw.endsWith(".") ? raw.slice(0, -1) : raw;
  if (undotted.split(".").includes("")) return malformed("the host holds an empty label");
  let text: string;
  try {
    text = new URL(`http://${undotted}/`).hostname;
  } catch {
    return malformed("the host is not a valid name or address");
  }
  if (parseIpv4(text) !== null) return { kind: "ip", text, zone: false };
  if (text.length > 253) return malformed("the host is longer than 253 characters");
  for (const label of text.split(".")) {
    if (!LABEL.test(label)) {
      return malformed("the host holds a label that is empty, too long or not a host label");
    }
    if (label.startsWith("-") || label.endsWith("-")) {
      return denied("a label of the host begins or ends with a hyphen");
    }
  }
  return { kind: "name", text };
}

function parseBracketed(raw: string): Host | HostProblem {
  const match = /^\[([0-9a-fA-F:.]+)(%[^\]]*)?\]$/.exec(raw);
  if (match === null) return malformed("the bracketed host is not an IPv6 address");
  const bytes = parseIpv6(match[1]!);
  if (bytes === null) return malformed("the bracketed host is not an IPv6 address");
  const text = new URL(`http://[${match[1]}]/`).hostname.slice(1, -1);
  return { kind: "ip", text, zone: match[2] !== undefined };
}

/**
 * Parses `host:port` (RFC 9110 section 7.2). Without `defaultPort` the port is required, as in CONNECT.
 * A port is `1` to `65535` without sign or leading zero.
 */
export function parseAuthority(raw: string, defaultPort?: number): Authority | HostProblem {
  const bracket = raw.startsWith("[") ? raw.indexOf("]") : 0;
  if (bracket < 0) return malformed("the authority has an unclosed bracket");
  const colon = raw.indexOf(":", bracket);
  const hostText = colon < 0 ? raw : raw.slice(0, colon);
  const host = parseHost(hostText);
  let port = defaultPort;
  if (colon >= 0) {
    const portText = raw.slice(colon + 1);
    if (!/^[1-9]\d{0,4}$/.test(portText) || Number(portText) > 65535) {
      return malformed("the port is not a number from 1 to 65535");
    }
    port = Number(portText);
  }
  if (isHostProblem(host)) return host;
  if (port === undefined) return malformed("the authority has no port");
  return { host, port };
}

/** A host pattern of a route: an exact host or `*.suffix` (one or more labels, never the apex). */
export type HostPattern =
  | { readonly kind: "exact"; readonly host: Host }
  | { readonly kind: "wildcard"; readonly suffix: string };

/** Parses a route's `host`. IP literals must be in their canonical spelling (IPv6 without brackets is accepted). */
export function parseHostPattern(text: string): HostPattern | HostProblem {
  if (text.startsWith("*.")) {
    const rest = parseHost(text.slice(2));
    if (isHostProblem(rest)) return rest;
    if (rest.kind === "ip") return malformed("a wildcard cannot stand before an IP address");
    if (!rest.text.includes(".")) return malformed("a wildcard needs at least two labels after it");
    return { kind: "wildcard", suffix: `.${rest.text}` };
  }
  if (text.includes("*")) return malformed("a wildcard can only be the whole first label");
  const host = parseIpv6(text) === null ? parseHost(text) : parseHost(`[${text}]`);
  if (isHostProblem(host)) return host;
  if (host.kind === "ip" && host.zone) return malformed("an address with a zone cannot be a route");
  return { kind: "exact", host };
}

/** Whether `pattern` covers `host`. A wildcard never covers an IP literal. */
export function hostMatches(pattern: HostPattern, host: Host): boolean {
  if (pattern.kind === "exact") {
    return pattern.host.kind === host.kind && pattern.host.text === host.text &&
      !(host.kind === "ip" && host.zone);
  }
  return host.kind === "name" && host.text.length > pattern.suffix.length &&
    host.text.endsWith(pattern.suffix);
}

/** The text of a Host header. */
export function authorityText({ host, port }: Authority, defaultPort: number): string {
  const name = host.text.includes(":") ? `[${host.text}]` : host.text;
  return port === defaultPort ? name : `${name}:${port}`;
}
