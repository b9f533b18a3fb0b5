import { MAX_MANIFEST_BYTES } from "../../manifest/files.ts";

/** Text of a manifest while it is edited, in a file of its own that nobody else can read. */
export class Draft {
  /** The file for the editor. */
  readonly path: string;
  /** Where it is kept for the next time. */
  readonly kept: string;

  private constructor(path: string, kept: string) {
    this.path = path;
    this.kept = kept;
  }

  /**
   * Makes a draft.
   *
   * @param folder exists, and is the operator's own.
   * @param name what is edited; unique among manifests.
   */
  static of(folder: string, name: string, text: string): Draft {
    // The suffix tells editors what it is; makeTempFile makes it with mode 0600.
    const path = Deno.makeTempFileSync({ dir: folder, prefix: `${name}-`, suffix: ".md" });
    Deno.writeTextFileSync(path, text);
    return new Draft(path, keptPath(folder, name));
  }

  /**
   * What stands in it now.
   *
   * @throws RangeError when it is larger than a manifest may be; TypeError when it is not UTF-8.
   */
  text(): string {
    if (Deno.statSync(this.path).size > MAX_MANIFEST_BYTES) {
      throw new RangeError(`it is larger than ${MAX_MANIFEST_BYTES} bytes`);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Deno.readFileSync(this.path));
  }

  /** Whether it holds something else; also when nobody can tell. */
  differs(before: string): boolean {
    try {
      return this.text() !== before;
    } catch {
      return true;
    }
  }

  /** Keeps it for the next time; gives the path. */
  keep(): string {
    Deno.renameSync(this.path, this.kept);
    Deno.utimeSync(this.kept, new Date(), new Date());
    this.drop();
    return this.kept;
  }

  /** Removes it, and what an editor may have left beside it (vi, nano and emacs write `~`). */
  drop(): void {
    for (const path of [this.path, `${this.path}~`]) remove(path);
  }
}

/** A draft that was kept. */
export interface KeptDraft {
  readonly text: string;
  readonly changed: Date | null;
}

/** The draft that was kept the last time; undefined when there is none that can be read. */
export function keptDraft(folder: string, name: string): KeptDraft | undefined {
  const path = keptPath(folder, name);
  try {
    return { text: Deno.readTextFileSync(path), changed: Deno.statSync(path).mtime };
  } catch {
    return undefined;
  }
}

/** Forgets the draft that was kept. */
export function forgetDraft(folder: string, name: string): void {
  remove(keptPath(folder, name));
}

function keptPath(folder: string, name: string): string {
  return `${folder}/${name}.md`;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* not there */ }
}
