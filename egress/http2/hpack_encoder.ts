import { Buffer } from "node:buffer";
import { STATIC_TABLE } from "./hpack_static_table.ts";

/** The index of each static name and, where the table has one, of name and value. */
const INDEXES: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.flatMap(([name, value], i) =>
    value === "" ? [[name, i + 1] as const] : [[`${name}\0${value}`, i + 1] as const]
  ),
);
const STATUS = 8;

/** Says that no table is kept, so that its size never has to be spoken of again (RFC 7541 section 4.2). */
const NO_TABLE = Uint8Array.of(0x20);

/**
 * Encodes the header blocks of one connection (RFC 7541) as references to the static table and literals that no table
 * keeps: a secret is never compressed beside something that an attacker chose.
 */
export class HpackEncoder {
  #begun = false;

  /** @param fields names in lower case, values as latin-1 text. */
  encode(status: number, fields: Iterable<readonly [string, string]>): Buffer {
    const parts: Uint8Array[] = this.#begun ? [] : [NO_TABLE];
    this.#begun = true;
    const known = INDEXES.get(`:status\0${status}`);
    if (known !== undefined) parts.push(integer(0x80, 7, known));
    else parts.push(integer(0, 4, STATUS), ...text(String(status)));
    for (const [name, value] of fields) {
      const index = INDEXES.get(name);
      if (index === undefined) parts.push(integer(0, 4, 0), ...text(name));
      else parts.push(integer(0, 4, index));
      parts.push(...text(value));
    }
    return Buffer.concat(parts);
  }
}

function text(value: string): Uint8Array[] {
  const bytes = Buffer.from(value, "latin1");
  return [integer(0, 7, bytes.length), bytes];
}

/** An integer in the low `bits` of a byte that begins with `pattern`, and in those after it. */
function integer(pattern: number, bits: number, value: number): Uint8Array {
  const most = (1 << bits) - 1;
  if (value < most) return Uint8Array.of(pattern | value);
  const bytes = [pattern | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
