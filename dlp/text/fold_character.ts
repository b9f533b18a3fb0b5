/**
 * Letters of other scripts that look like ASCII ones, as pairs "look-alike, ASCII": the single-letter part of the
 * confusables of Unicode Technical Standard #39 that people use, for Cyrillic, Greek, Armenian, Cherokee and Latin.
 */
const LOOK_ALIKES =
  "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwкkмmтtвbнhгrпnиuԍgѵvʏyᴀaᴄcᴅdᴇeɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwᴢzɑaɡgɩiƅbАAВBСCЕEНHІIЈJКKМMОOРPЅSТTХXҮYУYԌGԚQԜWԁdƄbҺhӀlӏl" +
  "αaεeιiκkνvοoρpτtυuχxγyωwηnσoΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXϹCϺMϲcϳj" +
  "օoսuհhոnցgքqզqյjլlՏSՕOԼL" +
  "ᎪAᏴBᏟCᎠDᎬEᎻHᎫJᏦKᏞLᎷMᎾOᏢPᎡRᏚSᎢTᏙVᎳWᏃZ" +
  "ıiſsꓐBꓑPꓒDꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴU∕/⁄/‐-‑-‒-–-−-․.‚,٠0۰0";

const LOOK_ALIKE: ReadonlyMap<string, string> = pairs(LOOK_ALIKES);

function pairs(text: string): Map<string, string> {
  const characters = [...text];
  const map = new Map<string, string>();
  for (let index = 0; index + 1 < characters.length; index += 2) {
    map.set(characters[index]!, characters[index + 1]!);
  }
  return map;
}

/** Characters that show nothing: default-ignorable ones and marks that sit on others. */
const INVISIBLE = /^[\p{Cf}\p{M}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]$/u;

const BMP_SIZE = 0x10000;
const UNKNOWN = -2;
const KEPT = -1;

/** What one character reads as in ASCII. The table fills as characters come by; the same for everyone. */
export class CharacterFold {
  readonly #single = new Int16Array(BMP_SIZE).fill(UNKNOWN);
  readonly #other = new Map<number, string | undefined>();

  /**
   * The ASCII text that a code point written in several bytes reads as: "" for an invisible one, undefined when it reads as none.
   * NFKD without marks, then look-alikes.
   */
  fold(codePoint: number): string | undefined {
    if (codePoint < 0x80) return String.fromCharCode(codePoint); // an overlong sequence
    if (codePoint < BMP_SIZE) {
      const known = this.#single[codePoint]!;
      if (known === KEPT) return undefined;
      if (known >= 0) return known === 0 ? "" : String.fromCharCode(known);
    }
    if (this.#other.has(codePoint)) return this.#other.get(codePoint);
    const folded = foldOnce(codePoint);
    if (codePoint < BMP_SIZE && (folded === undefined || folded.length < 2)) {
      this.#single[codePoint] = folded === undefined
        ? KEPT
        : folded === ""
        ? 0
        : folded.charCodeAt(0);
    } else if (this.#other.size < 65_536) {
      this.#other.set(codePoint, folded);
    }
    return folded;
  }
}

function foldOnce(codePoint: number): string | undefined {
  // Tag characters mirror ASCII (Unicode 16, section 23.9).
  if (codePoint >= 0xe0020 && codePoint <= 0xe007e) return String.fromCharCode(codePoint - 0xe0000);
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return undefined;
  const character = String.fromCodePoint(codePoint);
  if (INVISIBLE.test(character)) return "";
  const plain = character.normalize("NFKD").replace(/\p{M}/gu, "");
  const ascii = [...plain].map((part) => LOOK_ALIKE.get(part) ?? part).join("");
  return /^(?:[A-Za-z0-9]+|[\x21-\x7e])$/.test(ascii) ? ascii : undefined;
}
