import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import type { KnownSecret } from "../dlp/known/known_secrets.ts";
import { buildScanner, DEFAULT_DETECTORS, type DetectorName, DETECTORS } from "../dlp/scanner.ts";
import { scanStream } from "../dlp/stream_scan.ts";
import type { CliContext, Host } from "./context.ts";
import type { ScanFlags } from "./scan_command.ts";

/** Exit code of a scan that found something, or could not look at everything. */
const FOUND = 1;

/** `bot-bottle scan`. */
export async function scan(this: CliContext, flags: ScanFlags, file = "-"): Promise<void> {
  const { host, process } = this;
  const scanner = buildScanner({
    detectors: [...DEFAULT_DETECTORS, ...detectorsOf(flags.detector ?? [])],
    secrets: secretsOf(flags.secret ?? [], host),
  });
  for (const { name, strength, reason } of scanner.strengths) {
    if (strength === "strong") continue;
    host.log.warn(
      strength === "weak"
        ? `${name} is looked for exactly as it is only: ${reason}`
        : `${name} is not looked for: ${reason}`,
    );
  }
  const { bytes, matches, incomplete } = await scanStream(scanner, readable(file));
  process.stdout.write(`${JSON.stringify({ bytes, findings: matches, incomplete }, null, 2)}\n`);
  if (matches.length > 0 || incomplete.length > 0) this.exitWith(FOUND);
}

function detectorsOf(names: readonly string[]): DetectorName[] {
  return names.map((name) => {
    const known = DETECTORS.find((detector) => detector === name);
    if (known !== undefined) return known;
    throw new BottleError(`There is no detector ${JSON.stringify(name)}`, {
      code: "no_detector",
      exit: ExitCode.usage,
      hint: `the detectors are ${DETECTORS.join(", ")}`,
    });
  });
}

function secretsOf(names: readonly string[], host: Host): KnownSecret[] {
  return names.map((name) => {
    const value = host.env(name);
    if (value !== undefined && value !== "") return { name, value };
    throw new BottleError(`Cannot look for the value of ${name}: it is not set`, {
      code: "variable_not_set",
      exit: ExitCode.usage,
      hint: `export ${name}=… first`,
    });
  });
}

function readable(file: string): ReadableStream<Uint8Array> {
  if (file === "-") return Deno.stdin.readable;
  try {
    if (Deno.statSync(file).isDirectory) throw new Error("it is a folder");
    return Deno.openSync(file).readable;
  } catch (error) {
    throw new BottleError(`Cannot read ${JSON.stringify(file)}: ${messageOf(error)}`, {
      code: "cannot_read",
      exit: ExitCode.usage,
      hint: "give a file, or - for standard input",
      cause: error,
    });
  }
}
