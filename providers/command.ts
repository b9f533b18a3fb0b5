import * as z from "zod";
import { type Provider, STARTUP_ARGS, startupArgs } from "./provider.ts";

/** The better of the shells that the bottle has. */
const SHELL = ["sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh -i; fi"];

/** Any command: a shell, or what `settings.startup_args` say. */
export const command: Provider = {
  name: "command",
  brief: "any command; a shell by default",
  settings: z.strictObject(STARTUP_ARGS),
  ownFiles: { folders: [], instructions: [], logins: [] },
  routes: () => [],
  plan({ config, prompt }) {
    const given = startupArgs(config);
    const argv = prompt !== undefined
      ? ["sh", "-c", "--", prompt]
      : given.length > 0
      ? given
      : SHELL;
    return { argv, env: {}, home: [], fixed: [] };
  },
};
