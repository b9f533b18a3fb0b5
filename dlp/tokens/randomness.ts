import { entropy } from "./entropy.ts";

/** How much a value looks like a generator's output. */
export type Randomness = "none" | "weak" | "strong";

/**
 * Pairs of letters that most words of English and of program text are made of. Of random letters about three in ten
 * pairs are among them, of words nine in ten.
 */
const PAIRS: Uint8Array = pairTable(
  "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic " +
    "ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un " +
    "lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev " +
    "ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu " +
    "rn sc gi da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds pi rc rr eg au ck br bi pt ak pu ui " +
    "ib tl ny ki rk ob mm ph og ms ub cc tw ft af rv my gl nk kn xt",
);

function pairTable(pairs: string): Uint8Array {
  const table = new Uint8Array(26 * 26);
  for (const pair of pairs.split(" ")) table[pairIndex(pair.charCodeAt(0), pair.charCodeAt(1))] = 1;
  return table;
}

/** The place of two small letters in the table. */
function pairIndex(first: number, second: number): number {
  return (first - 0x61) * 26 + second - 0x61;
}

/** The part of the pairs of neighbouring letters that words have, 0 to 1; 0.5 when there are too few to say. */
export function wordShare(value: string): number {
  let pairs = 0, known = 0, before = 0;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at) | 0x20;
    const isLetter = code >= 0x61 && code <= 0x7a;
    if (isLetter && before !== 0) {
      pairs++;
      known += PAIRS[pairIndex(before, code)]!;
    }
    before = isLetter ? code : 0;
  }
  return pairs < 4 ? 0.5 : known / pairs;
}

/** Tells generated values from words, names in camel case, versions and runs. */
export function randomness(value: string): Randomness {
  let digits = 0, letters = 0;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) digits++;
    else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) letters++;
  }
  const distinct = new Set(value.toLowerCase()).size;
  if (letters === 0) return distinct < 5 ? "none" : value.length >= 20 ? "strong" : "weak";
  if (value.length >= 20 && /^[0-9a-f]+$/i.test(value)) {
    if (distinct < 5) return "none";
    return digits >= 2 && entropy(value) >= 2.2 ? "strong" : "weak";
  }
  if (distinct < Math.min(8, value.length / 2)) return "none";
  const words = wordShare(value);
  if (value.length < 12) return digits > 0 && words < 0.75 ? "weak" : "none";
  const mixed = digits * 6 >= value.length;
  if (mixed ? words >= 0.85 && digits * 4 < value.length : words >= 0.62) return "none";
  if (!mixed && digits === 0 && (value.length < 14 || words > 0.55)) return "none";
  return value.length >= 16 && entropy(value) >= 3 && (mixed || words < 0.5) ? "strong" : "weak";
}
