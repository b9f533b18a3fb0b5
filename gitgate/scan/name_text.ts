import { Buffer } from "node:buffer";
import { GateFault } from "../gate_fault.ts";
import { breath } from "../breath.ts";
import type { TextInspector } from "./text_inspector.ts";

/** Bytes of names that are looked at together. */
const TOGETHER = 1024 * 1024;
/** Names that are taken in one go. */
const TOGETHER_NAMES = 20_000;
/** Bytes of names that are remembered, so that the same one is not looked at for every commit. */
const REMEMBERED = 16 * 1024 * 1024;

/** The names in trees, each with its folder, one a line. */
export class NameText {
  readonly #inspector: TextInspector;
  readonly #seen = new Set<string>();
  #remembered = 0;
  #added = 0;
  #lines: Uint8Array[] = [];
  #size = 0;

  constructor(inspector: TextInspector) {
    this.#inspector = inspector;
  }

  /** @throws GateFault when the whole path is longer than `most` bytes. */
  async add(folder: string, name: Uint8Array, most: number): Promise<void> {
    if (++this.#added % TOGETHER_NAMES === 0) await breath();
    const path = Buffer.concat([Buffer.from(folder === "" ? "" : `${folder}/`, "utf8"), name]);
    if (path.length > most) {
      throw new GateFault("path_too_long", `a path has more than ${most} bytes`);
    }
    const text = path.toString("latin1");
    if (this.#seen.has(text)) return;
    this.#remembered += text.length;
    if (this.#remembered > REMEMBERED) {
      this.#seen.clear();
      this.#remembered = text.length;
    }
    this.#seen.add(text);
    this.#lines.push(path, NEWLINE);
    this.#size += path.length + 1;
    if (this.#size >= TOGETHER) await this.#look();
  }

  async end(): Promise<void> {
    await this.#look();
  }

  async #look(): Promise<void> {
    if (this.#size === 0) return;
    const text = Buffer.concat(this.#lines);
    this.#lines = [];
    this.#size = 0;
    const source = { kind: "names", path: "", linesKnown: false } as const;
    await this.#inspector.text(
      source,
      (async function* () {
        yield text;
      })(),
    );
  }
}

const NEWLINE = Buffer.from("\n");
