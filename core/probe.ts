/** One thing the probe tried from inside a bottle. */
export interface ProbeCheck {
  /** For people: "connect 1.1.1.1:443". */
  readonly what: string;
  readonly expected: "reachable" | "unreachable";
  readonly found: "reachable" | "unreachable";
}

/** What the probe found before the agent started. */
export interface ProbeReport {
  readonly ok: boolean;
  readonly checks: readonly ProbeCheck[];
  /** Milliseconds the probe took. */
  readonly took: number;
}
