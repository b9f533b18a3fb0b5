/** A repository of the gate as the bottle's git is told of it. */
export interface GatedRepo {
  /** Name of the repository at the gate. */
  readonly name: string;
  /** `ssh://` or `https://`, validated: no control byte, no credential. */
  readonly url: string;
}

/** Where a bottle finds its gate. */
export const GATE_URL = "http://git-gate:9420";

/**
 * Lines for a bottle's git configuration: who commits, and each upstream rewritten to the gate, in every spelling
 * that people use for it (git-config(1), `url.<base>.insteadOf`).
 */
export function gitConfig(
  user: { readonly name?: string | undefined; readonly email?: string | undefined },
  repos: readonly GatedRepo[],
): string {
  const lines: string[] = [];
  const identity = Object.entries(user).filter(([, value]) => value !== undefined);
  if (identity.length > 0) {
    lines.push(
      "[user]",
      ...identity.map(([key, value]) => setting(key, value!)),
    );
  }
  if (repos.length > 0) lines.push(`[http "${GATE_URL}"]`, '\tproxy = ""');
  for (const { name, url } of repos) {
    lines.push(`[url ${quoted(`${GATE_URL}/${name}.git`)}]`);
    for (const spelling of spellings(url)) lines.push(setting("insteadOf", spelling));
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Every way to write an upstream: with and without `.git`, the default port, and the scp-like form. */
export function spellings(url: string): string[] {
  const { protocol, username, hostname, port, pathname } = new URL(url);
  const path = pathname.replace(/^\/+/, "").replace(/\/+$/, "").replace(/\.git$/, "");
  const user = username === "" ? "" : `${username}@`;
  const bases = protocol === "https:"
    ? [`https://${hostname}${port === "" ? "" : `:${port}`}/`]
    : port === "" || port === "22"
    ? [`ssh://${user}${hostname}/`, `ssh://${user}${hostname}:22/`, `${user}${hostname}:`]
    : [`ssh://${user}${hostname}:${port}/`];
  return bases.flatMap((base) => [`${base}${path}.git`, `${base}${path}`]);
}

function setting(key: string, value: string): string {
  return `\t${key} = ${quoted(value)}`;
}

/** A value or subsection in double quotes (git-config(1), "Syntax"). */
function quoted(value: string): string {
  if (/\p{Cc}/u.test(value)) {
    throw new TypeError("Cannot write a control byte to a git configuration");
  }
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
