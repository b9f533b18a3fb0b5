import type { BypassRow } from "./rows.ts";

/** Plays one row that is more than bytes, and gives what the proxy did in the corpus' words ("deny-403"). */
export type Case = (row: BypassRow) => Promise<string>;

/** Cases by the id of their row. */
export type Cases = Readonly<Record<string, Case>>;
