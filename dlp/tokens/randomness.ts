import { entropy } from "./entropy.ts";

/** How much a value looks like a generator's output. */
export type Randomness = "none" | "weak" | "strong";

/**
 * Pairs of letters that most words of English and of program text are made of. Of random letters about three in ten
 * pairs are among them, of words nine in ten.
 */
const PAIRS: ReadonlySet<string> = new Set(
  ("th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic " +
    "ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un " +
    "lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev " +
    "ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu " +
    "rn sc gi da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds pi rc rr eg au ck br bi pt ak pu ui " +
    "ib tl ny ki rk ob mm ph og ms ub cc tw ft af rv my gl nk kn xt")
    .split(" "),
);

/** The part of the pairs of neighbouring letters that words have, 0 to 1; 0.5 when there are too few to say. */
export function wordShare(value: string): number {
  let pairs = 0, known = 0;
  for (const [run] of value.toLowerCase().matchAll(/[a-z]{2,}/g)) {
    for (let at = 1; at < run.length; at++) {
      pairs++;
      if (PAIRS.has(run.slice(at - 1, at + 1))) known++;
    }
  }
  return pairs < 4 ? 0.5 : known / pairs;
}

/** Tells generated values from words, names in camel case, versions and runs. */
export function randomness(value: string): Randomness {
  const digits = value.match(/[0-9]/g)?.length ?? 0;
  const letters = value.match(/[A-Za-z]/g)?.length ?? 0;
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
