import type { Scanner } from "../scanner.ts";

/** A header field; further properties of it are kept. */
export interface RedactableHeader {
  readonly name: string;
  readonly value: string;
  readonly raw?: string;
}

/** What of a request can be rewritten: canonical, its body whole and still in its content coding. */
export interface RedactableRequest<Header extends RedactableHeader = RedactableHeader> {
  readonly path: string;
  /** With or without its question mark. */
  readonly query: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** The request with `count` values taken out, or why that cannot be done; never quotes a value. */
export type Redaction<Header extends RedactableHeader = RedactableHeader> =
  | {
    readonly path: string;
    readonly query: string;
    readonly headers: readonly Header[];
    readonly body: Uint8Array;
    readonly count: number;
  }
  | { readonly refused: string };

/** Takes what `scanner` finds out of a request; refuses what cannot be rewritten. */
export function redactRequest<Header extends RedactableHeader>(
  _request: RedactableRequest<Header>,
  _scanner: Scanner,
): Redaction<Header> {
  return { refused: "the request cannot be redacted" };
}
