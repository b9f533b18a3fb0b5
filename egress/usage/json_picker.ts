import { Buffer } from "node:buffer";

/** A value of JSON that holds no others. */
export type Scalar = string | number | boolean | null;

/** The wanted values of one JSON text, by their path: names joined with dots. */
export type Picked = ReadonlyMap<string, Scalar>;

/** A name that may come next on a wanted path. */
interface Step {
  /** Set where a path ends here. */
  path: string | undefined;
  readonly next: Map<string, Step>;
}

/** Most bytes of a name or a value that is kept. */
const MOST = 1_024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Where in a text the scanner stands. */
const At = {
  /** Between texts. */
  outside: 0,
  /** Where a name may begin. */
  name: 1,
  inName: 2,
  colon: 3,
  value: 4,
  /** In a string that is a value of an object on a wanted path. */
  inText: 5,
  /** In a number, `true`, `false` or `null` there. */
  inToken: 6,
  afterValue: 7,
  /** In an array, or in an object that no wanted path leads to. */
  passing: 8,
  inPassedText: 9,
  /** No JSON, or not wanted; the rest is passed over. */
  broken: 10,
} as const;
type At = typeof At[keyof typeof At];

/** Paths as a tree of names. */
function stepsOf(paths: readonly string[]): Step {
  const root: Step = { path: undefined, next: new Map() };
  for (const path of paths) {
    let step = root;
    for (const name of path.split(".")) {
      let next = step.next.get(name);
      if (next === undefined) step.next.set(name, next = { path: undefined, next: new Map() });
      step = next;
    }
    step.path = path;
  }
  return root;
}

/**
 * Picks a few values out of JSON texts (RFC 8259) as their bytes come, in a few kilobytes, however long the texts are
 * and however deep. Objects may follow one another. It does not check what it passes over.
 */
export class JsonPicker {
  readonly #root: Step;
  readonly #onText: (picked: Picked) => void;
  readonly #dismisses: (path: string, value: Scalar) => boolean;
  readonly #raw = Buffer.alloc(MOST);
  /** Bytes of a name or value so far; more than {@linkcode MOST} when it did not fit. */
  #kept = 0;
  #at: At = At.outside;
  /** Whether the next byte of a string is escaped. */
  #escaped = false;
  /** Objects on a wanted path, outermost first. */
  #open: Step[] = [];
  /** Where the value after the name leads. */
  #step: Step | undefined;
  /** Containers that are open and not wanted. */
  #passed = 0;
  #picked = new Map<string, Scalar>();

  /**
   * @param onText told of each object at the top when it ends.
   * @param dismisses whether a value makes the rest uninteresting: it is passed over, up to {@linkcode reset}.
   */
  constructor(
    paths: readonly string[],
    onText: (picked: Picked) => void,
    dismisses: (path: string, value: Scalar) => boolean = () => false,
  ) {
    this.#root = stepsOf(paths);
    this.#onText = onText;
    this.#dismisses = dismisses;
  }

  /** Takes `bytes` from `from` to before `to`. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    for (let at = from; at < to;) {
      switch (this.#at) {
        case At.inPassedText:
        case At.inText:
        case At.inName:
          at = this.#string(bytes, at, to);
          break;
        case At.passing:
          at = this.#pass(bytes, at, to);
          break;
        case At.broken:
          return;
        default:
          // A byte that ends a number belongs to what comes next.
          if (this.#take(bytes[at]!)) at++;
      }
    }
  }

  /** Forgets the text under way; gives what was picked of it, undefined when there was none. */
  reset(): Picked | undefined {
    if (this.#at === At.outside) return undefined;
    const cut = this.#picked;
    this.#at = At.outside;
    this.#escaped = false;
    this.#open = [];
    this.#passed = 0;
    this.#picked = new Map();
    return cut;
  }

  /** Takes one byte outside strings; false when it has to be taken once more. */
  #take(byte: number): boolean {
    if (this.#at === At.inToken) {
      if (byte > 0x20 && byte !== COMMA && byte !== CLOSE) {
        this.#keep(byte);
        return true;
      }
      this.#value(this.#text());
      return false;
    }
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return true;
    switch (this.#at) {
      case At.outside:
        if (byte === OPEN) this.#enter(this.#root);
        else if (byte === OPEN_LIST) this.#passOver();
        return true;
      case At.name:
        if (byte === QUOTE) this.#begin(At.inName);
        else if (byte === CLOSE) this.#leave();
        else this.#at = At.broken;
        return true;
      case At.colon:
        this.#at = byte === COLON ? At.value : At.broken;
        return true;
      case At.value:
        if (byte === QUOTE) this.#begin(At.inText);
        else if (byte === OPEN && this.#step !== undefined && this.#step.next.size > 0) {
          this.#enter(this.#step);
        } else if (byte === OPEN || byte === OPEN_LIST) this.#passOver();
        else if (byte === COMMA || byte === CLOSE) this.#at = At.broken;
        else {
          this.#begin(At.inToken);
          this.#keep(byte);
        }
        return true;
      default: // afterValue
        if (byte === COMMA) this.#at = At.name;
        else if (byte === CLOSE) this.#leave();
        else this.#at = At.broken;
        return true;
    }
  }

  /** Takes bytes of a string; gives where it stopped. */
  #string(bytes: Uint8Array, from: number, to: number): number {
    const keeps = this.#at === At.inName ||
      (this.#at === At.inText && this.#step?.path !== undefined);
    let at = from;
    let escaped = this.#escaped;
    while (at < to) {
      const byte = bytes[at++]!;
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        this.#escaped = false;
        this.#endString();
        return at;
      }
      if (keeps) this.#keep(byte);
    }
    this.#escaped = escaped;
    return at;
  }

  #endString(): void {
    if (this.#at === At.inPassedText) this.#at = At.passing;
    else if (this.#at === At.inName) {
      const text = this.#text();
      const name = text.includes("\\") ? parsed(`"${text}"`) : text;
      this.#step = typeof name === "string" ? this.#open.at(-1)!.next.get(name) : undefined;
      this.#at = At.colon;
    } else this.#value(`"${this.#text()}"`);
  }

  /** Takes bytes of what is passed over; gives where it stopped. */
  #pass(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    let passed = this.#passed;
    while (at < to) {
      const byte = bytes[at++]!;
      if (byte === QUOTE) {
        this.#at = At.inPassedText;
        break;
      }
      if (byte === OPEN || byte === OPEN_LIST) passed++;
      else if ((byte === CLOSE || byte === CLOSE_LIST) && --passed === 0) {
        this.#at = this.#open.length === 0 ? At.outside : At.afterValue;
        break;
      }
    }
    this.#passed = passed;
    return at;
  }

  #begin(at: At): void {
    this.#at = at;
    this.#kept = 0;
    this.#escaped = false;
  }

  #keep(byte: number): void {
    if (this.#kept < MOST) this.#raw[this.#kept++] = byte;
    else this.#kept = MOST + 1;
  }

  /** What was kept; text that is no JSON when it did not fit. */
  #text(): string {
    return this.#kept > MOST ? "\n" : this.#raw.toString("utf8", 0, this.#kept);
  }

  #value(json: string): void {
    this.#at = At.afterValue;
    if (this.#step?.path === undefined) return;
    const value = parsed(json);
    if (value === undefined) this.#picked.delete(this.#step.path);
    else {
      this.#picked.set(this.#step.path, value);
      if (this.#dismisses(this.#step.path, value)) this.#at = At.broken;
    }
  }

  #enter(step: Step): void {
    this.#open.push(step);
    this.#at = At.name;
  }

  #passOver(): void {
    this.#passed = 1;
    this.#at = At.passing;
  }

  #leave(): void {
    this.#open.pop();
    if (this.#open.length > 0) {
      this.#at = At.afterValue;
      return;
    }
    const picked = this.#picked;
    this.#picked = new Map();
    this.#at = At.outside;
    this.#onText(picked);
  }
}

function parsed(json: string): Scalar | undefined {
  try {
    return JSON.parse(json) as Scalar;
  } catch {
    return undefined;
  }
}
