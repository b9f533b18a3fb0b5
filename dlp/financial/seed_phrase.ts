import type { Match } from "../finding.ts";
import type { View } from "../text/view.ts";
import { isBip39 } from "./wallet_keys.ts";

/** Twelve words of three letters, eleven spaces. */
const SHORTEST = 47;

/** BIP-39 phrases with a right checksum: looks at every 47th byte, and around those that are lower-case letters. */
export function seedPhraseMatches(view: View): Match[] {
  const matches: Match[] = [];
  const { bytes, text } = view;
  let done = 0;
  for (let at = SHORTEST - 1; at < bytes.length; at += SHORTEST) {
    if (at < done || !belongs(bytes[at]!)) continue;
    let start = at;
    while (start > done && belongs(bytes[start - 1]!)) start--;
    let end = at + 1;
    while (end < bytes.length && belongs(bytes[end]!)) end++;
    done = end;
    if (end - start < SHORTEST) continue;
    for (const found of phrasesIn(text.slice(start, end))) {
      matches.push({
        detector: "token_patterns",
        rule: "bip39-phrase",
        severity: "block",
        reason: "looks like the recovery phrase of a wallet (its checksum fits)",
        ...view.origin(start + found.start, start + found.end),
        via: view.via,
      });
    }
  }
  return matches;
}

function belongs(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || byte === 0x20 || byte === 0x0a;
}

const LENGTHS = [24, 21, 18, 15, 12];

function* phrasesIn(run: string): Generator<{ start: number; end: number }> {
  const words = [...run.matchAll(/[a-z]+/g)];
  for (let first = 0; first + 12 <= words.length; first++) {
    // Ordinary prose has a word of one or two letters, or a long one, in any dozen.
    let usable = 0;
    while (
      usable < 24 && first + usable < words.length && /^[a-z]{3,8}$/.test(words[first + usable]![0])
    ) {
      usable++;
    }
    for (const length of LENGTHS) {
      if (usable < length) continue;
      const phrase = words.slice(first, first + length);
      if (!isBip39(phrase.map(([word]) => word).join(" "))) continue;
      const last = phrase.at(-1)!;
      yield { start: phrase[0]!.index, end: last.index + last[0].length };
      first += length - 1;
      break;
    }
    if (usable < 12) first += usable;
  }
}
