import { BottleError, ExitCode } from "../core/errors.ts";
import type { Host } from "./context.ts";

/**
 * bot-bottle's own folder: `BOT_BOTTLE_HOME`, or `~/.bot-bottle`.
 *
 * @throws BottleError `bad_home` when neither gives an absolute path without `.` and `..`.
 */
export function bottleHome(host: Pick<Host, "env">): string {
  const named = host.env("BOT_BOTTLE_HOME") ?? "";
  const home = named !== "" ? named : `${host.env("HOME") ?? ""}/.bot-bottle`;
  const parts = home.split("/").slice(1).filter((part) => part !== "");
  const plain = home.startsWith("/") && !parts.some((part) => part === "." || part === "..");
  if (plain && parts.length > 0) return `/${parts.join("/")}`;
  throw new BottleError(
    `Cannot use ${JSON.stringify(home)} as bot-bottle's folder: it is not an absolute path`,
    {
      code: "bad_home",
      exit: ExitCode.usage,
      hint: "set BOT_BOTTLE_HOME to an absolute path without . and ..",
    },
  );
}
