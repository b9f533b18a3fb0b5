/** Where the data of events goes. */
export interface EventSink {
  /** Bytes of the data of the event under way, from `from` to before `to`; lines are joined by newlines. */
  data(bytes: Uint8Array, from: number, to: number): void;
  /** The event is over. */
  event(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NEWLINE = new Uint8Array([LF]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const DATA = [..."data:"].map((letter) => letter.charCodeAt(0));
const BARE_NAME = DATA.length - 1;

/**
 * Reads the data out of `text/event-stream` (HTML standard, section 9.2.6), keeping nothing: lines end in CRLF, LF or
 * CR, other fields and comments are passed over. Other than a browser it takes an event that no blank line ends.
 */
export class EventStream {
  readonly #sink: EventSink;
  /** Bytes of the byte order mark that were seen; all of them once something else was. */
  #mark = 0;
  /** Bytes of `data:` that the line begins with. */
  #named = 0;
  /** Whether the line is of another field. */
  #passing = false;
  /** Whether the line is data and something of it was seen: one space before it is none of it. */
  #begun = false;
  #hasData = false;
  #afterCr = false;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    let cr = bytes.indexOf(CR);
    let lf = bytes.indexOf(LF);
    for (let at = 0; at < bytes.length;) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (bytes[at] === LF) {
          at++;
          continue;
        }
      }
      // Each is searched for once: a stream of short lines costs no more than one of long ones.
      if (cr !== -1 && cr < at) cr = bytes.indexOf(CR, at);
      if (lf !== -1 && lf < at) lf = bytes.indexOf(LF, at);
      const end = cr === -1 ? lf : lf === -1 ? cr : Math.min(cr, lf);
      this.#piece(bytes, at, end === -1 ? bytes.length : end);
      if (end === -1) return;
      this.#endLine();
      this.#afterCr = end === cr;
      at = end + 1;
    }
  }

  /** The stream is over, with or without a blank line. */
  end(): void {
    this.#endLine();
    this.#dispatch();
  }

  /** A piece of one line. */
  #piece(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to && !this.#passing && this.#named < DATA.length) this.#name(bytes[at++]!);
    if (this.#passing || at === to) return;
    if (!this.#begun) {
      this.#begun = true;
      if (bytes[at] === SPACE) at++;
    }
    if (at < to) this.#sink.data(bytes, at, to);
  }

  #name(byte: number): void {
    if (this.#mark < BYTE_ORDER_MARK.length && byte === BYTE_ORDER_MARK[this.#mark]) {
      this.#mark++;
      return;
    }
    if (this.#mark > 0 && this.#mark < BYTE_ORDER_MARK.length) this.#passing = true;
    this.#mark = BYTE_ORDER_MARK.length;
    if (byte !== DATA[this.#named]) this.#passing = true;
    else if (++this.#named === DATA.length) this.#beginData();
  }

  #beginData(): void {
    if (this.#hasData) this.#sink.data(NEWLINE, 0, 1);
    this.#hasData = true;
  }

  #endLine(): void {
    this.#mark = BYTE_ORDER_MARK.length;
    if (!this.#passing) {
      if (this.#named === BARE_NAME) this.#beginData();
      else if (this.#named === 0) this.#dispatch();
    }
    this.#named = 0;
    this.#passing = false;
    this.#begun = false;
  }

  #dispatch(): void {
    if (this.#hasData) this.#sink.event();
    this.#hasData = false;
  }
}
