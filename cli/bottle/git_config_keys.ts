/** Keys of a git configuration that name a program, or lead git elsewhere (git-config(1)); names in lower case. */
const EXECUTING: readonly RegExp[] = [
  /^core\.(sshcommand|fsmonitor|hookspath|pager|editor|askpass|gitproxy|alternaterefscommand|worktree)$/,
  /^(credential(\..*)?\.helper|http(\..*)?\.proxy|https?(\..*)?\.sslcert|sequence\.editor)$/s,
  /^(diff\..*\.(command|textconv)|diff\.external|merge\..*\.driver|filter\..*\.(clean|smudge|process))$/s,
  /^(difftool|mergetool|guitool|browser|man)\..*\.(cmd|path)$/s,
  /^(gpg(\..*)?\.program|gpg\.ssh\.defaultkeycommand|include\.path|includeif\..*\.path|init\.templatedir)$/s,
  /^(url\..*\.(insteadof|pushinsteadof)|remote\..*\.(uploadpack|receivepack|vcs|proxy|url|pushurl))$/s,
  /^(submodule\..*\.update|alias\..*|pager\..*|trailer\..*\.(command|cmd)|uploadpack\.packobjectshook)$/s,
  /^(sendemail\..*(cmd|smtpserver)|interactive\.difffilter|protocol\..*\.allow|extensions\.worktreeconfig)$/s,
  /^(tar\..*\.command|hook\..*\.command|instaweb\.httpd|remote\.pushdefault|branch\..*\.pushremote)$/s,
];

/** A key and its value. */
export interface ConfigEntry {
  /** Section and name in lower case, a subsection as it stands. */
  readonly key: string;
  readonly value: string;
}

/**
 * The entries of a git configuration that make git run something or go elsewhere. A text that does not parse gives what
 * parses: git itself would stop at the first fault, and whoever mends it may not.
 */
export function executingEntries(text: string): ConfigEntry[] {
  return configEntries(text).filter(({ key, value }) => {
    // Any other alias is another git command, not a program.
    if (/^alias\./.test(key) && !value.startsWith("!")) return false;
    return EXECUTING.some((pattern) => pattern.test(key));
  });
}

/** `[section]`, `[section.sub]` or `[section "sub"]`; a file may go on behind it on the same line. */
const HEADER = /\[\s*([A-Za-z0-9.-]+)(?:\s*"((?:[^"\\\n]|\\[^\n])*)")?\s*\]/y;
const NAME = /([A-Za-z][A-Za-z0-9-]*)[^\S\n]*(=?)/y;
const SPACE = /\s+/y;
const REST_OF_LINE = /[^\n]*/y;

/** Every entry, in order, as git reads it (git-config(1), "Syntax"): an agent may write what looks otherwise. */
function configEntries(text: string): ConfigEntry[] {
  const source = text.replaceAll("\r\n", "\n");
  const entries: ConfigEntry[] = [];
  let section = "";
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < source.length) {
    if (take(SPACE) !== null) continue;
    const header = take(HEADER);
    if (header !== null) {
      const name = header[1]!.toLowerCase();
      section = header[2] === undefined ? name : `${name}.${header[2].replace(/\\(.)/gs, "$1")}`;
      continue;
    }
    const setting = take(NAME);
    if (setting === null) {
      take(REST_OF_LINE); // a comment, or what git does not read either
      continue;
    }
    const key = `${section}.${setting[1]!.toLowerCase()}`;
    if (setting[2] === "") {
      entries.push({ key, value: "true" });
      take(REST_OF_LINE);
      continue;
    }
    const { value, end } = configValue(source, at);
    entries.push({ key, value });
    at = end;
  }
  return entries;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b" };

/** The value from `start` on: quotes and escapes undone, continued lines joined, without a comment behind it. */
function configValue(source: string, start: number): { value: string; end: number } {
  const parts: string[] = [];
  let quoted = false;
  /** Length of the value up to its last character that is no space outside quotes. */
  let kept = 0;
  let at = start;
  for (; at < source.length && source[at] !== "\n"; at++) {
    const char = source[at]!;
    if (char === "\\") {
      const next = source[++at];
      if (next === "\n") continue;
      parts.push(ESCAPES[next ?? ""] ?? next ?? "");
      kept = parts.length;
    } else if (char === '"') {
      quoted = !quoted;
    } else if (!quoted && (char === "#" || char === ";")) {
      while (at < source.length && source[at] !== "\n") at++;
      break;
    } else {
      const space = !quoted && /\s/.test(char);
      if (space && parts.length === 0) continue;
      parts.push(char);
      if (!space) kept = parts.length;
    }
  }
  return { value: parts.slice(0, kept).join(""), end: at };
}
