import { Buffer } from "node:buffer";
import { project, projectJsonValues } from "./projection.ts";
import type { View } from "../text/view.ts";

/** Largest JSON that is also parsed, for keys that give an order of their own, in bytes. */
const PARSED = 256 * 1024;

/**
 * Projections of the values of a text without the names between them, for secrets that were split over fields: a projection of the
 * whole text would be polluted by the names.
 */
export function* valueProjections(view: View): Generator<Uint8Array> {
  const { text, bytes } = view;
  const first = /\S/.exec(text.slice(0, 64))?.[0];
  if (first === "{" || first === "[") {
    yield projectJsonValues(bytes);
    if (bytes.length <= PARSED && /"[0-9]{1,6}"\s{0,4}:/.test(text)) {
      const ordered = orderedValues(text);
      if (ordered !== undefined) yield project(Buffer.from(ordered, "utf8"));
    }
  } else if (text.length <= PARSED) {
    if (/^--[^\r\n]{1,80}\r?\n/.test(text)) yield latin(multipartValues(text));
    else if (/^[\w!#$%&'*+.^`|~-]{1,64}:[^\r\n]{0,4000}\r?\n[\w!#$%&'*+.^`|~-]{1,64}:/.test(text)) {
      yield latin(text.replace(/^[\w!#$%&'*+.^`|~-]{1,64}:/gm, ""));
    }
    if (/[?&;][^=&\s]{1,64}=|^[^=&\s]{1,64}=[^&\s]{0,4000}&/.test(text.slice(0, 8192))) {
      yield latin(text.replace(/(?:^|[?&;] ?)[^=&;\s]{1,64}=/g, ""));
    }
  }
  if (first === "<" || text.startsWith("<", text.search(/</))) {
    const open = text.indexOf("<");
    if (open >= 0 && open < 4096) {
      yield latin(text.replace(/<!\[CDATA\[|\]\]>|<[^<>]{1,400}>/g, ""));
    }
  }
}

function latin(text: string): Uint8Array {
  return project(Buffer.from(text, "latin1"));
}

/** All strings and numbers in the order of a parsed document: keys that are numbers come in rising order. */
function orderedValues(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parts: string[] = [];
  const visit = (node: unknown) => {
    if (typeof node === "string" || typeof node === "number") parts.push(String(node));
    else if (typeof node === "object" && node !== null) Object.values(node).forEach(visit);
  };
  visit(value);
  return parts.join("");
}

/** RFC 2046: what stands in the parts, without delimiters and header names. */
function multipartValues(text: string): string {
  return text.replace(/^--[^\r\n]{1,80}$/gm, "").replace(
    /^Content-[A-Za-z-]{1,40}:[^\r\n]{0,1000}$/gim,
    (line) =>
      [...line.matchAll(/filename\*?="?([^";\r\n]{1,400})/gi)].map(([, name]) => name).join(""),
  );
}
