/** Bytes written one by one: a pattern for a list of them and how one is read. */
interface ByteNotation {
  readonly name: string;
  readonly list: RegExp;
  readonly item: RegExp;
  readonly radix: number;
}

const NOTATIONS: readonly ByteNotation[] = [
  {
    name: "hex list",
    list:
      /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;\r\n\t-]{1,3}){9,60000}(?:0x|\\x)?[0-9a-f]{2}(?![0-9a-f])/gi,
    item: /[0-9a-f]{2}(?![0-9a-fx])/gi,
    radix: 16,
  },
  {
    name: "decimal list",
    list: /(?:[0-9]{2,3}[ ,;\r\n\t]{1,3}){9,60000}[0-9]{2,3}(?![0-9])/g,
    item: /[0-9]{2,3}/g,
    radix: 10,
  },
  {
    name: "css escapes",
    list: /(?:\\0{0,4}[0-9a-f]{2} ){9,60000}/gi,
    item: /[0-9a-f]{2}(?= )/gi,
    radix: 16,
  },
  {
    name: "octal escapes",
    list: /(?:\\[0-7]{2,3}){9,60000}/g,
    item: /[0-7]{2,3}/g,
    radix: 8,
  },
  {
    name: "binary list",
    list: /(?:[01]{8}[ ,]{0,2}){9,60000}/g,
    item: /[01]{8}/g,
    radix: 2,
  },
];

/** 1 for the characters of which lists are made. */
const MEMBER = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[0-9a-fA-Fx\\ ,:;\r\n\t-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
/** Ten bytes of two digits with separators. */
const SHORTEST = 29;

/** Lists of numbers that are bytes of text, and what they spell. Looks where the shortest one would end, and back. */
export function* byteLists(
  bytes: Uint8Array,
  text: string,
): Generator<{ start: number; end: number; bytes: Uint8Array; name: string }> {
  let done = 0;
  for (let at = SHORTEST - 1; at < bytes.length;) {
    let start = at + 1;
    while (start > done && start > at - SHORTEST + 1 && MEMBER[bytes[start - 1]!] === 1) start--;
    if (start > at - SHORTEST + 1 && start > done) {
      // The byte before is no member: no list can begin at it or earlier and reach so far.
      at = start + SHORTEST - 1;
      continue;
    }
    while (start > done && MEMBER[bytes[start - 1]!] === 1) start--;
    let end = at + 1;
    while (end < bytes.length && MEMBER[bytes[end]!] === 1) end++;
    if (end - start >= SHORTEST) yield* listsIn(text.slice(start, end), start);
    done = end;
    at = end + SHORTEST;
  }
}

function* listsIn(text: string, base: number) {
  if (!/[0-9a-f]{2}[^0-9a-f]{1,3}[0-9a-f\\x]/i.test(text) && !/[01]{8}/.test(text)) return;
  for (const { name, list, item, radix } of NOTATIONS) {
    for (const found of text.matchAll(list)) {
      const values = [...found[0].matchAll(item)].map(([digits]) => parseInt(digits, radix));
      if (values.some((value) => value > 0xff)) continue;
      const start = base + found.index;
      yield { start, end: start + found[0].length, bytes: Uint8Array.from(values), name };
    }
  }
}
