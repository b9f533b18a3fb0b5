import type { Match } from "../finding.ts";
import type { View } from "../text/view.ts";
import { isBip39, isSeedWord } from "./wallet_keys.ts";

/** Twelve words of three letters, eleven spaces. */
const SHORTEST = 47;

/**
 * BIP-39 phrases with a right checksum. Looks where the shortest phrase would end and walks back over short words in
 * small letters; what ends that walk says where the next phrase may begin (the idea of Boyer and Moore).
 */
export function seedPhraseMatches(view: View): Match[] {
  const matches: Match[] = [];
  const { bytes, text } = view;
  let done = 0;
  for (let at = SHORTEST - 1; at < bytes.length;) {
    if (!belongs(bytes[at]!)) {
      at += SHORTEST;
      continue;
    }
    const start = wordsStart(bytes, at, done);
    if (at - start < SHORTEST - 1) {
      at = start + SHORTEST - 1;
      continue;
    }
    const end = wordsEnd(bytes, at);
    at = end + SHORTEST - 1;
    done = end;
    for (const found of phrasesIn(text.slice(start, end))) {
      matches.push({
        detector: "token_patterns",
        rule: "bip39-phrase",
        severity: found.doubtful === true ? "supervise" : "block",
        reason: found.doubtful === true
          ? "has more words of recovery phrases in a row than are checked"
          : "looks like the recovery phrase of a wallet (its checksum fits)",
        ...view.origin(start + found.start, start + found.end),
        via: view.via,
      });
    }
  }
  return matches;
}

/** 1 for small letters and the white space between words. */
const BELONGS = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[a-z \n]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

function belongs(byte: number): boolean {
  return BELONGS[byte] === 1;
}

/** Where words of three to eight letters end, counted from `at`; ordinary prose has a shorter or longer one soon. */
function wordsEnd(bytes: Uint8Array, at: number): number {
  let letters = -100; // the first word may have begun before
  let end = at;
  for (; end < bytes.length && belongs(bytes[end]!); end++) {
    if (bytes[end]! > 0x20) letters++;
    else {
      if (letters >= 0 && (letters < 3 || letters > 8)) break;
      letters = 0;
    }
  }
  return end;
}

/** Where they begin. */
function wordsStart(bytes: Uint8Array, at: number, least: number): number {
  let letters = -100; // the last word may go on
  let start = at;
  for (; start > least && belongs(bytes[start - 1]!); start--) {
    if (bytes[start - 1]! > 0x20) letters++;
    else {
      if (letters >= 0 && (letters < 3 || letters > 8)) return start + letters;
      letters = 0;
    }
  }
  return start;
}

const LENGTHS = [24, 21, 18, 15, 12];
/** Different words that a phrase has; real ones have all twelve in 97 of 100 cases. */
const DIFFERENT = 8;
/** Checksums per run: text made of such words costs no more than a few milliseconds. */
const CHECKS = 1_000;

function* phrasesIn(run: string): Generator<{ start: number; end: number; doubtful?: boolean }> {
  const words = [...run.matchAll(/[a-z]+/g)];
  // How many words of the list follow each other from here on.
  const following = new Uint32Array(words.length + 1);
  for (let index = words.length - 1; index >= 0; index--) {
    following[index] = isSeedWord(words[index]![0]) ? following[index + 1]! + 1 : 0;
  }
  let checks = 0;
  for (let first = 0; first + 12 <= words.length; first++) {
    for (const length of LENGTHS) {
      if (following[first]! < length) continue;
      const phrase = words.slice(first, first + length);
      const texts = phrase.map(([word]) => word);
      if (new Set(texts).size < DIFFERENT) continue;
      const last = phrase.at(-1)!;
      if (++checks > CHECKS) {
        yield { start: phrase[0]!.index, end: run.length, doubtful: true };
        return;
      }
      if (!isBip39(texts.join(" "))) continue;
      yield { start: phrase[0]!.index, end: last.index + last[0].length };
      first += length - 1;
      break;
    }
  }
}
