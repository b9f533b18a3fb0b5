/** What the agent did between a look at a folder and the copy of what was in it. */
const VANISHED = [
  /: (No such file or directory|Not a directory|Is a directory|Too many levels of symbolic links|Stale file handle|No such device or address)$/,
  /, as it was replaced while being copied$/,
  /^cp: will not overwrite just-created /,
  /^cp: cannot overwrite (non-)?directory /,
  / specified more than once$/,
];

/**
 * No program opens a path beyond PATH_MAX; it can be made step by step only. Permissions matter where a policy of the
 * system's takes capabilities away in user namespaces (AppArmor).
 */
const UNOPENED = [
  /: File name too long$/,
  /^(cp: cannot (open|access) |find: ).*: Permission denied$/,
];

const LINE_BYTES = 16_384;

/**
 * What cp(1) and find(1) say on stderr in the C locale: the agent's doing is counted, anything else is an error.
 *
 * The system's reason ends a line and names stand quoted before it, so that no name can pass for a reason.
 */
export class CopyComplaints {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #wrong: string | undefined;
  vanished = 0;
  unopened = 0;

  /** Takes the next bytes. */
  take(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    // A line's end decides; of one that is longer than any path the beginning is not needed.
    this.#rest = lines.pop()!.slice(-LINE_BYTES);
    for (const line of lines) this.#judge(line);
  }

  /** The first line that was an error; undefined when there was none. */
  end(): string | undefined {
    if (this.#rest !== "") this.#judge(this.#rest);
    this.#rest = "";
    return this.#wrong;
  }

  #judge(line: string): void {
    if (UNOPENED.some((pattern) => pattern.test(line))) this.unopened++;
    else if (VANISHED.some((pattern) => pattern.test(line))) this.vanished++;
    else this.#wrong ??= line;
  }
}
