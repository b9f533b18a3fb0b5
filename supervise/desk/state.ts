import type { QueueProblem } from "../pending.ts";
import type { Detail, DetailLine } from "./detail.ts";
import type { Decision } from "../decide.ts";
import type { Key } from "../../screen/keys.ts";
import type { Size } from "../../screen/size.ts";
import type { WaitingRow } from "./waiting.ts";

/** What the desk says in its status line. */
export interface Status {
  readonly tone: "info" | "good" | "bad";
  readonly text: string;
}

/** A proposal that is being looked at. */
export interface OpenDetail {
  readonly detail: Detail;
  /** Its lines as they stand on the screen, by the terminal's width. */
  readonly rows: readonly DetailLine[];
  readonly top: number;
  /** Rows that have been on the screen; the ones below have not. */
  readonly seen: number;
  /** Whether it is another than the one that was opened: it has to be looked at again. */
  readonly changed: boolean;
  /** What the operator was told before an approval and has pressed the key in spite of. */
  readonly told: string | undefined;
  /** Why it does not wait any more. */
  readonly gone: string | undefined;
}

/** Something that is being typed or confirmed in the status line. */
export type Prompt =
  | { readonly kind: "approve" | "reject"; readonly text: string }
  | { readonly kind: "undo"; readonly slug: string; readonly question: string };

/** Everything that the screen shows. */
export interface DeskState {
  readonly size: Size;
  readonly rows: readonly WaitingRow[];
  readonly problems: readonly QueueProblem[];
  /** Running bottles. */
  readonly bottles: readonly string[];
  /** Key of the selected row. */
  readonly selected: string | undefined;
  /** First row of the list on the screen. */
  readonly top: number;
  readonly open: OpenDetail | undefined;
  readonly prompt: Prompt | undefined;
  /** First line of the page of keys, when that is on the screen. */
  readonly help: number | undefined;
  readonly status: Status | undefined;
  /** An answer or an undo is under way: no other is begun. */
  readonly busy: boolean;
}

/** What happens to the desk. */
export type DeskEvent =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "resized"; readonly size: Size }
  | {
    readonly type: "looked";
    readonly rows: readonly WaitingRow[];
    readonly problems: readonly QueueProblem[];
    readonly bottles: readonly string[];
  }
  | { readonly type: "loaded"; readonly detail: Detail }
  | { readonly type: "gone"; readonly key: string; readonly reason: string }
  | { readonly type: "answered"; readonly key: string; readonly text: string }
  | { readonly type: "undoAsked"; readonly slug: string; readonly question: string }
  /** Something that was asked for has ended. */
  | { readonly type: "done"; readonly status: Status };

/** What the desk asks its surroundings for. */
export type DeskCommand =
  | { readonly do: "load"; readonly slug: string; readonly id: string; readonly edited?: string }
  | {
    readonly do: "answer";
    readonly slug: string;
    readonly id: string;
    readonly decision: Decision;
  }
  | { readonly do: "edit"; readonly slug: string; readonly id: string; readonly draft: string }
  | { readonly do: "explain"; readonly slug: string; readonly id: string }
  | { readonly do: "findUndo" }
  | { readonly do: "undo"; readonly slug: string }
  | { readonly do: "redraw" }
  | { readonly do: "quit"; readonly code: number };

/** A new state, and what has to be done. */
export interface Step {
  readonly state: DeskState;
  readonly commands: readonly DeskCommand[];
}

/** The desk before its first look. */
export function firstState(size: Size): DeskState {
  return {
    size,
    rows: [],
    problems: [],
    bottles: [],
    selected: undefined,
    top: 0,
    open: undefined,
    prompt: undefined,
    help: undefined,
    status: undefined,
    busy: false,
  };
}
