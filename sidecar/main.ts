import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { parseArguments, requiredValue, usage } from "./arguments.ts";
import { guardedSecrets, holdTime } from "./guarded_secrets.ts";
import { environmentTokens } from "./tokens.ts";

/** The sidecar binary: `serve`, `egress-serve`, `egress-test` and `revoke-keys`. The host program starts it and writes its command line. */
async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  const options = {
    token: environmentTokens((name) => Deno.env.get(name)),
    secrets: () => guardedSecrets(Deno.env.toObject()),
    holdTime: () => holdTime(Deno.env.toObject()),
    password: Deno.env.get("BOT_BOTTLE_PROXY_PASSWORD"),
    say: (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`)),
    warn,
    onDefect: (error: unknown) => warn(`the proxy failed on a request: ${debugText(error)}`),
  };
  switch (command) {
    case "serve": {
      const { serve } = await import("./serve.ts");
      return await serve({
        ...options,
        dir: requiredValue(parseArguments(rest, ["--dir"]), "--dir"),
      });
    }
    case "egress-serve": {
      const { egressServe } = await import("./egress_serve.ts");
      return await egressServe(rest, options);
    }
    case "egress-test": {
      const { egressTestRequest } = await import("./egress_test_request.ts");
      options.say(JSON.stringify(await egressTestRequest(rest), null, 2));
      return;
    }
    case "revoke-keys": {
      const { revokeKeys } = await import("./revoke_keys.ts");
      return await revokeKeys(rest, options.token, options.say);
    }
    default:
      throw usage(`Unknown sidecar command ${JSON.stringify(command ?? "")}`);
  }
}

function warn(message: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`bot-bottle: ${message}\n`));
}

/** A message; with its stack only where the operator asked for it, since a stack could quote what was handled. */
function debugText(error: unknown): string {
  const stack = Deno.env.get("BOT_BOTTLE_LOG_LEVEL") === "debug" && error instanceof Error
    ? error.stack
    : undefined;
  return stack ?? messageOf(error);
}

/** Says what went wrong, and ends. */
function fail(error: unknown): never {
  warn(error instanceof BottleError ? error.message : `The sidecar failed: ${debugText(error)}`);
  if (error instanceof BottleError && error.hint !== undefined) warn(`hint: ${error.hint}`);
  Deno.exit(error instanceof BottleError ? error.exit : ExitCode.failed);
}

// A defect that nothing caught ends the sidecar, and with it the bottle's network: closed, not open.
globalThis.addEventListener("unhandledrejection", (event) => fail(event.reason));
try {
  await main(Deno.args);
  Deno.exit(ExitCode.done);
} catch (error) {
  fail(error);
}
