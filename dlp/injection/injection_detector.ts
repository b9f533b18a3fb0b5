import { Buffer } from "node:buffer";
import { EventValues } from "./event_values.ts";
import type { InjectionFinding } from "./finding.ts";
import { AnchoredPatterns, PatternScan } from "./injection_scan.ts";
import { InvisibleRemover } from "./invisible_remover.ts";
import { LetterReader, LetterTable } from "./letters.ts";
import { MARKERS } from "./marker_table.ts";
import { compilePhrase } from "./phrase.ts";
import { PHRASES } from "./phrase_table.ts";
import { beginsWide, pieceLooksBinary } from "./text_sniff.ts";

/** What is known of a text: how it is written decides what is unescaped, and what is put together. */
export interface TextForm {
  /** `events` are server-sent; `json_lines` are JSON texts one after the other. */
  readonly kind: "text" | "json" | "json_lines" | "events";
  /** What takes the place of invisible text; "nothing" unless given. */
  readonly replacement?: "nothing" | "spaces";
  /** It may be, or turn into, something else than text: that is neither read nor changed. */
  readonly careful?: boolean;
}

/** What came of some bytes of a text. */
export interface InspectedText {
  /** The bytes without invisible text; the same ones where there was none. */
  readonly clean: Uint8Array;
  /** What they show that the text has not shown before. */
  readonly findings: readonly InjectionFinding[];
}

/** One text on its way to the agent. */
export interface InjectionStream {
  push(bytes: Uint8Array): InspectedText;
  /** What was held back, at the end. */
  end(): InspectedText;
  /** Whether bytes are held back: the beginning of something invisible. */
  readonly holding: boolean;
}

/** Signs of prompt injection; made once, used for any number of texts. */
export interface InjectionDetector {
  /** Looks at a text that passes by, and takes invisible text out of it. */
  stream(form: TextForm): InjectionStream;
  /** Looks at a whole text. */
  inspect(text: Uint8Array, form?: TextForm): InspectedText;
}

/** Prepares the detector: about 50 ms. It sees what is written for models in a known way, and nothing subtle. */
export function buildInjectionDetector(): InjectionDetector {
  const letters = new LetterTable();
  const phrases = new AnchoredPatterns(PHRASES.map((phrase) => compilePhrase(phrase, letters)));
  const markers = new AnchoredPatterns(MARKERS);
  const stream = (form: TextForm) => new TextInspection(form, letters, phrases, markers);
  return {
    stream,
    inspect(text, form = { kind: "text" }) {
      const one = stream(form);
      const pushed = one.push(text);
      const ended = one.end();
      return {
        clean: ended.clean.length === 0 ? pushed.clean : Buffer.concat([pushed.clean, ended.clean]),
        findings: [...pushed.findings, ...ended.findings],
      };
    },
  };
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** A text as bytes and as letters, with as much of its end as a match could have begun in. */
class Reading {
  readonly #letters: LetterReader;
  readonly #phrases: PatternScan;
  readonly #markers: PatternScan;
  readonly #overlaps: { readonly letters: number; readonly bytes: number };
  #lastLetters: Uint8Array = EMPTY;
  #lastBytes: Uint8Array = EMPTY;

  constructor(table: LetterTable, phrases: AnchoredPatterns, markers: AnchoredPatterns) {
    this.#letters = new LetterReader(table);
    this.#phrases = new PatternScan(phrases);
    this.#markers = new PatternScan(markers);
    this.#overlaps = { letters: phrases.overlap, bytes: markers.overlap };
  }

  read(piece: Uint8Array, findings: InjectionFinding[]): void {
    const letters = this.#letters.read(piece, this.#lastLetters);
    this.#phrases.look(letters, findings);
    this.#lastLetters = letters.slice(-this.#overlaps.letters);
    const bytes = this.#lastBytes.length === 0 ? piece : Buffer.concat([this.#lastBytes, piece]);
    this.#markers.look(bytes, findings);
    this.#lastBytes = bytes.slice(-this.#overlaps.bytes);
  }
}

class TextInspection implements InjectionStream {
  readonly #careful: boolean;
  readonly #remover: InvisibleRemover;
  readonly #whole: Reading;
  readonly #values: { readonly of: EventValues; readonly reading: Reading } | undefined;
  readonly #reported = new Set<string>();
  /** Undefined before the first bytes. */
  #isWide: boolean | undefined;

  constructor(
    { kind, replacement, careful }: TextForm,
    table: LetterTable,
    phrases: AnchoredPatterns,
    markers: AnchoredPatterns,
  ) {
    this.#careful = careful ?? false;
    this.#remover = new InvisibleRemover({
      escapes: kind === "text" ? "none" : "json",
      replacement: replacement ?? "nothing",
      careful: this.#careful,
    });
    this.#whole = new Reading(table, phrases, markers);
    if (kind === "events" || kind === "json_lines") {
      this.#values = {
        of: new EventValues(kind === "events" ? "events" : "json"),
        reading: new Reading(table, phrases, markers),
      };
    }
  }

  get holding(): boolean {
    return this.#remover.holding;
  }

  push(bytes: Uint8Array): InspectedText {
    this.#isWide ??= beginsWide(bytes);
    if (this.#careful && !this.#isWide && pieceLooksBinary(bytes)) {
      return { clean: this.#remover.push(bytes), findings: [] };
    }
    const findings: InjectionFinding[] = [];
    this.#whole.read(bytes, findings);
    if (this.#values !== undefined) {
      const values = this.#values.of.read(bytes);
      if (values.length > 0) this.#values.reading.read(values, findings);
    }
    const clean = this.#remover.push(bytes);
    return { clean, findings: this.#new(findings) };
  }

  end(): InspectedText {
    const findings: InjectionFinding[] = [];
    this.#whole.read(Buffer.from(" "), findings); // an escape that was cut off
    return { clean: this.#remover.end(), findings: this.#new(findings) };
  }

  #new(findings: readonly InjectionFinding[]): InjectionFinding[] {
    return [...findings, ...this.#remover.findings].filter(({ rule, severity }) => {
      const key = `${rule} ${severity}`;
      if (this.#reported.has(key)) return false;
      this.#reported.add(key);
      return true;
    });
  }
}
