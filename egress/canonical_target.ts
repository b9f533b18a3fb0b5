import { type Denial, deny } from "./denial.ts";

/** The one form of a request target that is matched, scanned, logged and sent. */
export interface CanonicalTarget {
  /** Path as it is sent: unreserved characters decoded, dot segments and duplicate slashes resolved. */
  readonly path: string;
  /** Path as rules see it: like `path`, with the encoded slash of a scoped package name decoded. */
  readonly matchPath: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** npm asks for `@scope%2fname` in one segment; nothing else may hold an encoded slash. */
const SCOPED_PACKAGE = /^@[a-z0-9~][a-z0-9._~-]*%2F[a-z0-9~][a-z0-9._~-]*$/i;

/**
 * Canonicalises an origin-form target (RFC 9112 section 3.2.1, RFC 3986 section 6.2.2).
 *
 * One round of decoding; a path that still holds an encoded separator, an encoded dot segment, NUL, a line
 * break, a back-slash or bytes that are not UTF-8 is refused, because servers disagree on it.
 */
export function canonicalTarget(target: string): CanonicalTarget | Denial {
  const bad = (reason: string) => deny("path_not_canonical", reason);
  if (target === "*") return { path: "*", matchPath: "*", query: "" };
  if (!target.startsWith("/")) {
    return deny("malformed_request", "the request target is not in origin form");
  }
  if (target.startsWith("//")) return bad("the path starts with two slashes");
  if (target.includes("#")) return bad("the target holds a fragment");
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  if (rawPath.includes("\\")) return bad("the path holds a back-slash");
  if (!rawPath.includes("%") && !/\/\.|\/\/|;/.test(rawPath)) {
    return { path: rawPath, matchPath: rawPath, query };
  }

  const decoded = decodeUnreserved(rawPath);
  if (decoded === null) return bad("the path holds an invalid percent-encoding");
  if (/%(?:[01][0-9A-F]|7F|5C)/.test(decoded)) {
    return bad("the path holds an encoded control character or back-slash");
  }
  if (/%(?:25)+(?:2E|2F|5C|00|0A|0D)/i.test(decoded)) return bad("the path is encoded twice");
  const path = resolveSegments(decoded);
  const text = utf8Of(path);
  if (text === null) return bad("the path is not UTF-8");
  if (foldsToDotSegment(text)) return bad("the path folds to a dot segment");
  const segments = path.split("/");
  for (const segment of segments) {
    if (/^\.{1,2}(?:;|%3B|%20)/.test(segment)) return bad("a dot segment carries a parameter");
    if (segment.includes("%2F") && !SCOPED_PACKAGE.test(segment)) {
      return bad("the path holds an encoded slash");
    }
  }
  return { path, matchPath: path.replaceAll("%2F", "/"), query };
}

/** Decodes unreserved characters and upper-cases the rest; null when a `%` is not followed by two hex digits. */
function decodeUnreserved(path: string): string | null {
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return null;
  return path.replace(/%[0-9a-fA-F]{2}/g, (triplet) => {
    const character = String.fromCharCode(parseInt(triplet.slice(1), 16));
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
}

function utf8Of(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** Whether a server that folds compatibility characters (full-width dots and slashes) would see a dot segment. */
function foldsToDotSegment(path: string): boolean {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(path)) return false; // real ones are resolved already
  return path.normalize("NFKC").replaceAll("\u3002", ".").split(/[/\\\u2044\u2215]/)
    .some((segment) => segment === "." || segment === "..");
}

/** Collapses slashes, then removes dot segments (RFC 3986 section 5.2.4). */
function resolveSegments(path: string): string {
  const input = path.replace(/\/{2,}/g, "/").split("/").slice(1);
  const output: string[] = [];
  for (const [index, segment] of input.entries()) {
    const last = index === input.length - 1;
    if (segment === "..") output.pop();
    else if (segment !== ".") output.push(segment);
    if (last && (segment === "." || segment === "..")) output.push("");
  }
  return `/${output.join("/")}`;
}
