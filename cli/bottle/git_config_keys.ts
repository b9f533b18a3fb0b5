/** Keys of a git configuration that name a program, or lead git elsewhere (git-config(1)); names in lower case. */
const EXECUTING: readonly RegExp[] = [
  /^core\.(sshcommand|fsmonitor|hookspath|pager|editor|askpass|gitproxy|alternaterefscommand|worktree)$/,
  /^(credential(\..*)?\.helper|http(\..*)?\.proxy|https?(\..*)?\.sslcert|sequence\.editor)$/,
  /^(diff\..*\.(command|textconv)|diff\.external|merge\..*\.driver|filter\..*\.(clean|smudge|process))$/,
  /^(difftool|mergetool|browser|man)\..*\.(cmd|path)$/,
  /^(gpg(\..*)?\.program|gpg\.ssh\.defaultkeycommand|include\.path|includeif\..*\.path|init\.templatedir)$/,
  /^(url\..*\.(insteadof|pushinsteadof)|remote\..*\.(uploadpack|receivepack|vcs|proxy))$/,
  /^(submodule\..*\.update|alias\..*|pager\..*|trailer\..*\.(command|cmd)|uploadpack\.packobjectshook)$/,
  /^(sendemail\..*cmd|interactive\.difffilter|protocol\..*\.allow|extensions\.worktreeconfig)$/,
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
  const entries: ConfigEntry[] = [];
  let section = "";
  for (const line of text.replace(/\\\r?\n/g, "").split(/\r?\n/)) {
    let rest = line.trim();
    const header = /^\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/.exec(rest);
    if (header !== null) {
      const name = header[1]!.toLowerCase();
      section = header[2] === undefined ? name : `${name}.${header[2].replace(/\\(.)/g, "$1")}`;
      rest = rest.slice(header[0].length).trim();
    }
    const setting = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/.exec(rest);
    if (setting === null) continue;
    const key = `${section}.${setting[1]!.toLowerCase()}`;
    const value = setting[2] ?? "true";
    const isAlias = key.startsWith("alias.");
    if (isAlias && !/^"?\s*!/.test(value)) continue; // another git command, not a program
    if (EXECUTING.some((pattern) => pattern.test(key))) entries.push({ key, value });
  }
  return entries;
}
