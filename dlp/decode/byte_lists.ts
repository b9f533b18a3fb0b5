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

/** Lists of numbers that are bytes of text, and what they spell. */
export function* byteLists(
  text: string,
): Generator<{ start: number; end: number; bytes: Uint8Array; name: string }> {
  for (const { name, list, item, radix } of NOTATIONS) {
    for (const found of text.matchAll(list)) {
      const values = [...found[0].matchAll(item)].map(([digits]) => parseInt(digits, radix));
      if (values.some((value) => value > 0xff)) continue;
      yield {
        start: found.index,
        end: found.index + found[0].length,
        bytes: Uint8Array.from(values),
        name,
      };
    }
  }
}
