import { Buffer } from "node:buffer";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/**
 * Symbols by the length of their code in bits (RFC 7541 appendix B). The code is canonical: in this order, each
 * code is the one before plus one, so the lengths say everything. 256 is the end of a string.
 */
const SYMBOLS: readonly (readonly [bits: number, symbols: string])[] = [
  [5, "48-50 97 99 101 105 111 115-116"],
  [6, "32 37 45-47 51-57 61 65 95 98 100 102-104 108-110 112 114 117"],
  [7, "58 66-87 89 106-107 113 118-122"],
  [8, "38 42 44 59 88 90"],
  [10, "33-34 40-41 63"],
  [11, "39 43 124"],
  [12, "35 62"],
  [13, "0 36 64 91 93 126"],
  [14, "94 125"],
  [15, "60 96 123"],
  [19, "92 195 208"],
  [20, "128 130-131 162 184 194 224 226"],
  [21, "153 161 167 172 176-177 179 209 216-217 227 229-230"],
  [
    22,
    "129 132-134 136 146 154 156 160 163-164 169-170 173 178 181 185-187 189-190 196 198 228 232-233",
  ],
  [
    23,
    "1 135 137-141 143 147 149-152 155 157-158 165-166 168 174-175 180 182-183 188 191 197 231 239",
  ],
  [24, "9 142 144-145 148 159 171 206 215 225 236-237"],
  [25, "199 207 234-235"],
  [26, "192-193 200-202 205 210 213 218-219 238 240 242-243 255"],
  [27, "203-204 211-212 214 221-223 241 244-248 250-254"],
  [28, "2-8 11-12 14-21 23-31 127 220 249"],
  [30, "10 13 22 256"],
];

const END_OF_STRING = 256;

/**
 * A binary tree in an array: node `n` has its children at `2n` and `2n + 1`. A positive entry is a node, a negative
 * one the symbol `-1 - entry`, and 0 is nothing: the root is nobody's child.
 */
const TREE = buildTree();

function buildTree(): Int16Array {
  const tree = new Int16Array(2 * 512);
  let nodes = 1;
  let code = 0;
  let length = SYMBOLS[0]![0];
  for (const [bits, ranges] of SYMBOLS) {
    for (const symbol of ranges.split(" ").flatMap(expand)) {
      code <<= bits - length;
      length = bits;
      let node = 0;
      for (let bit = bits - 1; bit > 0; bit--) {
        const child = 2 * node + ((code >>> bit) & 1);
        if (tree[child] === 0) tree[child] = nodes++;
        node = tree[child]!;
      }
      tree[2 * node + (code & 1)] = -1 - symbol;
      code++;
    }
  }
  return tree;
}

function expand(range: string): number[] {
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/**
 * Decodes a Huffman-coded string (RFC 7541 section 5.2) to latin-1 text.
 *
 * @throws ConnectionError for the end-of-string code, or padding that is not at most seven ones.
 */
export function decodeHuffman(bytes: Uint8Array): string {
  // The shortest code has five bits.
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let size = 0;
  let node = 0;
  let depth = 0;
  let onlyOnes = true;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const value = (byte >>> bit) & 1;
      const next = TREE[2 * node + value]!;
      if (next > 0) {
        node = next;
        depth++;
        onlyOnes = onlyOnes && value === 1;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === END_OF_STRING) {
        throw new ConnectionError(ErrorCode.compression, "a string holds its own end");
      }
      out[size++] = symbol;
      node = 0;
      depth = 0;
      onlyOnes = true;
    }
  }
  if (depth > 7 || !onlyOnes) {
    throw new ConnectionError(ErrorCode.compression, "a string ends in half a character");
  }
  return out.toString("latin1", 0, size);
}
