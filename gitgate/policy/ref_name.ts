/**
 * Why `ref` is not a name that git takes (git-check-ref-format(1)), or that is looked at here; undefined when it is.
 */
export function refNameProblem(ref: string): string | undefined {
  if (!/^refs\/[^/]+\/./.test(ref)) return "it is not below refs/heads/, refs/tags/ or the like";
  if (new TextEncoder().encode(ref).length > 512) return "it is longer than 512 bytes";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|\/\/|@\{|\/$|\.$/.test(ref)) {
    return "it holds what git does not allow in a name";
  }
  if (ref.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock"))) {
    return "it holds what git does not allow in a name";
  }
  if (/\/(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) return "it looks like an object's id";
  return undefined;
}

/** Places whose refs change what others mean, or that forges keep for themselves. */
const NEVER =
  /^refs\/(?:replace|notes|hidden|stash|original|remotes|meta|pull|merge-requests|keep-around|pipelines|environments|bisect|worktree|rewritten)(?:\/|$)/;

/** Whether no configuration can open the place of `ref`. */
export function isReservedRef(ref: string): boolean {
  return NEVER.test(ref) || !ref.startsWith("refs/") || /^refs\/heads\/HEAD$/.test(ref);
}

/** Whether `text` fits `pattern`, in which `*` stands for any characters. Linear in both. */
export function fitsPattern(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === pattern;
  if (!text.startsWith(first)) return false;
  const last = rest.pop()!;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
