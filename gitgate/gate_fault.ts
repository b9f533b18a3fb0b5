/** A failure whose message may be shown to the client: it names nothing of the host's. */
export class GateFault extends Error {
  override readonly name = "GateFault";
  /** Stable snake_case name, as events carry it. */
  readonly code: string;
  /** What only the operator sees, such as the last lines of a program. */
  readonly detail: string | undefined;
  constructor(code: string, message: string, detail?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.detail = detail;
  }
}
