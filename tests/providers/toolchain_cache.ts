import { dirname, join } from "node:path/posix";
import { cacheFolder, LAUNCHER } from "../cli/support.ts";

/** Home of bot-bottle that only holds toolchains; CI keeps the folder between runs. */
const SHARED = join(cacheFolder(), "test-toolchains");

/**
 * Installs the real CLI of a provider once for every test of this machine, by the program itself.
 *
 * @returns the folder of toolchains; undefined when npm could not get it, which is said loudly.
 */
export async function sharedToolchains(provider: string): Promise<string | undefined> {
  await Deno.mkdir(SHARED, { recursive: true });
  const { code, stderr } = await new Deno.Command(LAUNCHER, {
    args: ["toolchain", "install", provider],
    env: { BOT_BOTTLE_HOME: SHARED, BOT_BOTTLE_CACHE: cacheFolder() },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code === 0) return join(SHARED, "toolchains");
  const why = new TextDecoder().decode(stderr).trim().split("\n").slice(1).join(" ");
  await Deno.stderr.write(
    new TextEncoder().encode(`\n  NOT RUN  ${provider}: its CLI cannot be installed: ${why}\n`),
  );
  return undefined;
}

/** Lets the bot-bottle of a test see the shared toolchains. */
export function shareToolchains(home: string, toolchains: string): void {
  Deno.mkdirSync(dirname(join(home, "toolchains")), { recursive: true });
  Deno.symlinkSync(toolchains, join(home, "toolchains"));
}
