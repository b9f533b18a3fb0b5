import { BottleError, ExitCode } from "../core/errors.ts";
import type { Platform } from "./provider.ts";

/**
 * The platform of a processor as Deno names it. Bottles run Linux wherever their host does.
 *
 * @throws BottleError `no_platform`.
 */
export function platformOf(arch: string): Platform {
  if (arch === "x86_64") return "linux-x64";
  if (arch === "aarch64") return "linux-arm64";
  throw new BottleError(`There is no agent CLI for ${arch}`, {
    code: "no_platform",
    exit: ExitCode.cannotStart,
    hint: "use a machine with an x86_64 or aarch64 processor",
  });
}
