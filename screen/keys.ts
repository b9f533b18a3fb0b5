/** A key: one character as typed, or a name of at least two letters. */
export type Key = string;

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

/** Turns the bytes of a terminal into keys; what is no key is left out. */
export class KeyDecoder {
  readonly #utf8 = new TextDecoder();
  #rest = "";

  /** Whether the beginning of a sequence waits for more; it is the key Escape when nothing follows. */
  get unfinished(): boolean {
    return this.#rest !== "";
  }

  /** The keys that these bytes complete. */
  push(bytes: Uint8Array): Key[] {
    let text = this.#rest + this.#utf8.decode(bytes, { stream: true });
    this.#rest = "";
    const keys: Key[] = [];
    while (text !== "") {
      if (BEGUN.test(text)) {
        this.#rest = text;
        break;
      }
      const sequence = SEQUENCE.exec(text)?.[0];
      if (sequence !== undefined) {
        const key = SEQUENCES[sequence.slice(1)];
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

  /** Nothing followed what was begun. */
  flush(): Key[] {
    const begun = this.#rest;
    this.#rest = "";
    return begun === "" ? [] : ["escape"];
  }
}
