/** A key: one character as typed, a name of at least two letters, or {@linkcode PASTED} and the text of a paste. */
export type Key = string;

/** What the bytes of a paste begin and end with (xterm's ctlseqs, "Bracketed Paste Mode"). */
export const PASTED = "\x1b[200~";
const PASTE_END = "\x1b[201~";

/** UTF-16 units of a paste that are kept: no answer is longer. */
const LONGEST_PASTE = 8192;

/** Final parts of the escape sequences of keys (xterm's ctlseqs, "PC-Style Function Keys"). */
const SEQUENCES: Readonly<Record<string, Key>> = {
  "[A": "up",
  "OA": "up",
  "[B": "down",
  "OB": "down",
  "[C": "right",
  "OC": "right",
  "[D": "left",
  "OD": "left",
  "[1;2A": "shift-up",
  "[1;2B": "shift-down",
  "[1;3A": "shift-up",
  "[1;3B": "shift-down",
  "[Z": "backtab",
  "[5~": "pageup",
  "[6~": "pagedown",
  "[H": "home",
  "OH": "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  "OF": "end",
  "[4~": "end",
  "[8~": "end",
};

const CONTROLS: Readonly<Record<string, Key>> = {
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\t": "tab",
  "\x03": "interrupt",
  "\x15": "clear",
  "\x0c": "redraw",
  "\x02": "pageup",
  "\x06": "pagedown",
};

// deno-lint-ignore no-control-regex
const SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/;
// deno-lint-ignore no-control-regex
const BEGUN = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/;

/**
 * Turns the bytes of a terminal into keys; what is no key is left out. A paste is one key, whatever stands in it: an
 * Enter or a `y` in it answers nothing.
 */
export class KeyDecoder {
  readonly #utf8 = new TextDecoder();
  #rest = "";
  /** What came of a paste so far; undefined outside of one. */
  #paste: string | undefined;

  /** Whether the beginning of a sequence waits for more; it is the key Escape when nothing follows. */
  get unfinished(): boolean {
    return this.#rest !== "" && this.#paste === undefined;
  }

  /** The keys that these bytes complete. */
  push(bytes: Uint8Array): Key[] {
    let text = this.#rest + this.#utf8.decode(bytes, { stream: true });
    this.#rest = "";
    const keys: Key[] = [];
    while (text !== "") {
      if (this.#paste !== undefined) {
        text = this.#endPaste(text, keys);
        continue;
      }
      if (BEGUN.test(text)) {
        this.#rest = text;
        break;
      }
      const sequence = SEQUENCE.exec(text)?.[0];
      if (sequence !== undefined) {
        const key = SEQUENCES[sequence.slice(1)];
        if (sequence === PASTED) this.#paste = "";
        if (key !== undefined) keys.push(key);
        text = text.slice(sequence.length);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(0)!);
      text = text.slice(character.length);
      const key = character === "\x1b" ? "escape" : CONTROLS[character] ?? character;
      if (key.length > 1 || key >= " ") keys.push(key);
    }
    return keys;
  }

  /** Takes what belongs to the paste and gives what follows it. */
  #endPaste(text: string, keys: Key[]): string {
    const end = text.indexOf(PASTE_END);
    // Typed by itself it is a person who wants to leave: a terminal may never say where a paste ends.
    if (end < 0 && text === "\x03") {
      this.#paste = undefined;
      keys.push("interrupt");
      return "";
    }
    if (end < 0) {
      const begun = text.lastIndexOf("\x1b");
      const isBegun = begun >= 0 && PASTE_END.startsWith(text.slice(begun));
      this.#rest = isBegun ? text.slice(begun) : "";
      this.#paste = (this.#paste + (isBegun ? text.slice(0, begun) : text)).slice(0, LONGEST_PASTE);
      return "";
    }
    const pasted = (this.#paste + text.slice(0, end)).slice(0, LONGEST_PASTE);
    this.#paste = undefined;
    keys.push(PASTED + pasted);
    return text.slice(end + PASTE_END.length);
  }

  /** Nothing followed what was begun. */
  flush(): Key[] {
    const begun = this.#rest;
    this.#rest = "";
    return begun === "" ? [] : ["escape"];
  }
}
