import { runCli } from "./cli/app.ts";
import type { Host } from "./cli/context.ts";
import { errorText, exitCodeOf } from "./cli/error_text.ts";
import { systemClock } from "./core/clock.ts";
import { createLog, logLevelOf } from "./sys/log.ts";
import { systemTerminal } from "./sys/terminal.ts";

const encoder = new TextEncoder();

function writeTo(stream: { writeSync(bytes: Uint8Array): number }): (text: string) => void {
  return (text) => {
    const bytes = encoder.encode(text);
    for (let written = 0; written < bytes.length;) {
      try {
        written += stream.writeSync(bytes.subarray(written));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) return; // the reader has seen enough
        throw error;
      }
    }
  };
}

const stderr = writeTo(Deno.stderr);
const level = logLevelOf(Deno.env.get("BOT_BOTTLE_LOG_LEVEL"));

try {
  // The bundle stands in dist/, the source beside deno.json.
  const here = import.meta.dirname!;
  const bundled = import.meta.filename!.endsWith(".js");
  const root = bundled ? here.slice(0, here.lastIndexOf("/")) : here;
  const host: Host = {
    clock: systemClock,
    log: createLog(level, stderr),
    terminal: systemTerminal({ noColour: Deno.env.get("NO_COLOR") !== undefined }),
    installation: {
      deno: Deno.execPath(),
      dist: `${root}/dist`,
      config: `${root}/deno.json`,
    },
    cwd: Deno.cwd(),
    uid: Deno.uid() ?? 0,
    env: (name) => Deno.env.get(name),
    envMatching: (pattern) =>
      Object.fromEntries(
        Object.entries(Deno.env.toObject()).filter(([name]) => pattern.test(name)),
      ),
    random: (bytes) => void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
  };
  const code = await runCli(Deno.args, host, { stdout: writeTo(Deno.stdout), stderr });
  Deno.exit(code);
} catch (error) {
  stderr(`${errorText(error, level === "debug")}\n`);
  Deno.exit(exitCodeOf(error));
}
