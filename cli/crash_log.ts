import { BottleError, messageOf } from "../core/errors.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import type { Host } from "./context.ts";
import { systemHint } from "./error_text.ts";

/**
 * Writes what went wrong with a full screen to a file of its own, the last one in the place of the one before:
 * the terminal that it would have been shown on was just restored.
 *
 * @returns the error for the command line, which names the file.
 */
export function writeCrashLog(
  host: Pick<Host, "clock">,
  home: string,
  error: unknown,
): BottleError {
  const path = `${home}/desk-crash.log`;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  let where: string;
  try {
    replaceFile(path, `${host.clock.now().toISOString()}\n${stack}\n`, 0o600);
    where = `${path} says where`;
  } catch (cause) {
    where = `${path} could not be written (${messageOf(cause)})`;
  }
  const mend = systemHint(error);
  return new BottleError(`The desk ended: ${messageOf(error)}`, {
    code: "desk_crashed",
    hint: mend === undefined ? where : `${mend}; ${where}`,
    cause: error,
  });
}
