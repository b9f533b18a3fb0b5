import { join } from "node:path";
import { BubblewrapBackend, type BubblewrapOptions } from "./bubblewrap.ts";

/** The backend over the machine as it is; bot-bottle's folder is `BOT_BOTTLE_HOME` or `~/.bot-bottle` unless given. */
export function bubblewrap(options: Partial<BubblewrapOptions> = {}): BubblewrapBackend {
  const operatorHome = options.operatorHome ?? Deno.env.get("HOME") ?? "/root";
  const home = options.home ??
    (Deno.env.get("BOT_BOTTLE_HOME") || join(operatorHome, ".bot-bottle"));
  return new BubblewrapBackend({ ...options, home, operatorHome });
}
