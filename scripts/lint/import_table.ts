/**
 * Who may import whom: a top-level folder and the folders it may import besides itself. `types` may be imported
 * as types only, so that nothing of them runs there. Tests may import what they test with.
 */
export const IMPORT_TABLE: Readonly<
  Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>
> = {
  core: { values: [] },
  sys: { values: ["core"] },
  screen: { values: ["core", "sys"] },
  manifest: { values: ["core", "providers"] },
  dlp: { values: ["core"] },
  egress: { values: ["core", "dlp"], types: ["manifest"] },
  // They say themselves what their part of a manifest holds.
  providers: { values: ["core"] },
  backends: { values: ["core", "manifest", "providers"] },
  // The queue is files: supervise reaches them through sys, as the host and the sidecar do.
  supervise: { values: ["core", "sys", "screen"], types: ["manifest"] },
  gitgate: { values: ["core", "sys", "dlp"], types: ["manifest"] },
  sidecar: { values: ["core", "sys", "dlp", "egress", "gitgate", "supervise"] },
  cli: {
    values: ["core", "sys", "screen", "manifest", "dlp", "providers", "backends", "supervise"],
  },
  // The composition root: it makes the context that everything else is given.
  "main.ts": { values: ["cli", "core", "sys"] },
};

/** Why `from` may not import `to`, both top-level folder names; undefined when it may. */
export function importProblem(from: string, to: string, typeOnly: boolean): string | undefined {
  const row = IMPORT_TABLE[from];
  if (row === undefined || from === to) return undefined;
  if (row.values.includes(to)) return undefined;
  if (row.types?.includes(to)) {
    return typeOnly ? undefined : `${from} may import only types of ${to}`;
  }
  const allowed = row.values.length === 0 ? "nothing of the project" : row.values.join(", ");
  return `${from} may not import ${to} (it may import ${allowed})`;
}

/** The top-level folder of a path relative to the project, or the file itself at the top. */
export function topLevel(path: string): string {
  return path.split("/", 1)[0]!;
}
