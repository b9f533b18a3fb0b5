import type { Field } from "./field.ts";

/** The segments of a path. */
export function pathFields(bytes: Uint8Array): Field[] {
  return pieces(bytes, 0, bytes.length, 0x2f).map(([start, end]) => (
    { start, end, spelling: "percent", role: "value" }
  ));
}

/** Names and values of a query or a form (https://url.spec.whatwg.org/#urlencoded-parsing); a leading `?` is left out. */
export function formFields(bytes: Uint8Array, from = 0, to = bytes.length): Field[] {
  const fields: Field[] = [];
  for (const [start, end] of pieces(bytes, bytes[from] === 0x3f ? from + 1 : from, to, 0x26)) {
    const equals = bytes.subarray(start, end).indexOf(0x3d);
    if (equals < 0) {
      fields.push({ start, end, spelling: "form", role: "value" });
      continue;
    }
    fields.push({ start, end: start + equals, spelling: "form", role: "name" });
    fields.push({ start: start + equals + 1, end, spelling: "form", role: "value" });
  }
  return fields.filter(({ start, end }) => end > start);
}

/** Ranges between separators that are not empty. */
function pieces(
  bytes: Uint8Array,
  from: number,
  to: number,
  separator: number,
): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let start = from; start < to;) {
    const next = bytes.indexOf(separator, start);
    const end = next < 0 || next > to ? to : next;
    if (end > start) found.push([start, end]);
    start = end + 1;
  }
  return found;
}
