/** Kinds of code points that show nothing. */
export const Invisible = {
  none: 0,
  /** Mirrors of ASCII (U+E0000 block "Tags"): used by three flags, and to write text that nobody sees. */
  tag: 1,
  /** U+FE00 to U+FE0F: choose the look of the character before. */
  selector: 2,
  /** U+E0100 to U+E01EF: choose a variant of an ideograph. */
  ideographSelector: 3,
  /** Joiners, spaces without width, marks without a look. */
  zeroWidth: 4,
  /** Embeddings and isolates of right-to-left text that do nothing in left-to-right text. */
  bidi: 5,
  /** Controls that reorder what follows even in left-to-right text (https://trojansource.codes). */
  reordering: 6,
  /** Hangul fillers: letters that look like a space. */
  filler: 7,
} as const;

/** One of the kinds. */
export type InvisibleKind = typeof Invisible[keyof typeof Invisible];

/** The kind of a code point. */
export function invisibleKind(codePoint: number): InvisibleKind {
  if (codePoint < 0x34f) return Invisible.none;
  if (codePoint >= 0x200b && codePoint <= 0x206f) {
    if (codePoint <= 0x200f || codePoint >= 0x206a) return Invisible.zeroWidth;
    if (codePoint >= 0x202a && codePoint <= 0x202e) {
      return codePoint === 0x202b || codePoint >= 0x202d ? Invisible.reordering : Invisible.bidi;
    }
    if (codePoint >= 0x2060 && codePoint <= 0x2065) return Invisible.zeroWidth;
    if (codePoint >= 0x2066) {
      return codePoint === 0x2067 ? Invisible.reordering : Invisible.bidi;
    }
    return Invisible.none;
  }
  if (codePoint >= 0xfe00 && codePoint <= 0xfe0f) return Invisible.selector;
  if (codePoint >= 0xe0000 && codePoint <= 0xe007f) return Invisible.tag;
  if (codePoint >= 0xe0100 && codePoint <= 0xe01ef) return Invisible.ideographSelector;
  if (
    codePoint === 0xfeff || codePoint === 0x34f || codePoint === 0x61c || codePoint === 0x180e ||
    codePoint === 0x17b4 || codePoint === 0x17b5 || (codePoint >= 0xfff9 && codePoint <= 0xfffb) ||
    (codePoint >= 0x1d173 && codePoint <= 0x1d17a)
  ) return Invisible.zeroWidth;
  if (
    codePoint === 0x3164 || codePoint === 0xffa0 || codePoint === 0x115f || codePoint === 0x1160
  ) {
    return Invisible.filler;
  }
  return Invisible.none;
}

/** Whether a code point belongs to a script that is written from right to left (UAX #9, classes R and AL). */
export function isRightToLeft(codePoint: number): boolean {
  return (codePoint >= 0x590 && codePoint <= 0x8ff) ||
    (codePoint >= 0xfb1d && codePoint <= 0xfdff) ||
    (codePoint >= 0xfe70 && codePoint <= 0xfefc) ||
    (codePoint >= 0x10800 && codePoint <= 0x10fff) ||
    (codePoint >= 0x1e800 && codePoint <= 0x1efff);
}

/** Whether a selector of U+E0100 on can follow: ideographs have variants (UTS #37). */
export function isIdeograph(codePoint: number): boolean {
  return (codePoint >= 0x3400 && codePoint <= 0x9fff) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0x20000 && codePoint <= 0x3ffff) || codePoint === 0x3007;
}

/** The black flag: the one base of an emoji tag sequence (UTS #51, ED-14a). */
export const FLAG = 0x1f3f4;

/** Length of the tags that make a flag out of a black flag, with the final one; 0 when they do not. */
export function flagTags(codePoints: readonly number[]): number {
  for (let index = 0; index < codePoints.length && index <= 6; index++) {
    const codePoint = codePoints[index]!;
    if (codePoint === 0xe007f) return index >= 4 ? index + 1 : 0;
    const letter = codePoint >= 0xe0061 && codePoint <= 0xe007a;
    const digit = codePoint >= 0xe0030 && codePoint <= 0xe0039;
    if (!letter && !digit) return 0;
  }
  return 0;
}
