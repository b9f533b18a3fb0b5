import { BottleError, ExitCode } from "../../core/errors.ts";

/** A question was left by Escape. Whoever asks several catches it and asks the one before; else it ends as Ctrl-C does. */
export class WentBack extends BottleError {
  constructor(message: string) {
    super(message, { code: "interrupted", exit: ExitCode.interrupted });
  }
}
