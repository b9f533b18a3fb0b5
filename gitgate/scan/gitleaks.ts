import { join } from "node:path/posix";
import { GateFault } from "../gate_fault.ts";
import { lastLine, ProgramFault, runProgram } from "../process/program.ts";
import { builtInRules } from "./gitleaks_rules.ts";
import { plantedFile, plantedFiles } from "./planted.ts";

/** One finding of gitleaks as its report has it, redacted. */
export interface GitleaksFinding {
  /** Name of the file in the scanned folder. */
  readonly file: string;
  readonly rule: string;
  /** Lines of that file, the first is 1. */
  readonly startLine: number;
  readonly endLine: number;
  /** What matched, the value replaced. */
  readonly match: string;
}

/** Exit code that we let gitleaks use for findings; it uses 1 for its own failures. */
const FOUND = 77;

/** A gitleaks that was made ready: its own rules without exemptions. */
export class Gitleaks {
  readonly #program: string;
  readonly #config: string;
  readonly #timeout: number;

  private constructor(program: string, config: string, timeout: number) {
    this.#program = program;
    this.#config = config;
    this.#timeout = timeout;
  }

  /**
   * @param program absolute path; undefined when there is none.
   * @param folder where the rules are written.
   * @throws GateFault when it cannot be used.
   */
  static async prepare(
    program: string | undefined,
    folder: string,
    timeout: number,
  ): Promise<Gitleaks> {
    if (program === undefined) {
      throw new GateFault(
        "gitleaks_missing",
        "gitleaks is not installed, so nothing can be pushed",
      );
    }
    let bytes: Uint8Array;
    try {
      bytes = await Deno.readFile(program);
    } catch (error) {
      throw new GateFault(
        "gitleaks_missing",
        "gitleaks cannot be read, so nothing can be pushed",
        `${program}: ${(error as Error).message}`,
        error,
      );
    }
    const rules = builtInRules(bytes);
    if (rules === undefined) {
      throw new GateFault(
        "gitleaks_unusable",
        "gitleaks has no rules built in, so nothing can be pushed",
        program,
      );
    }
    const config = join(folder, "gitleaks.toml");
    await Deno.writeTextFile(config, rules, { mode: 0o600 });
    return new Gitleaks(program, config, timeout);
  }

  /**
   * Looks at every file of `folder`. Two files with a made-up token are put there first: a run that does not find
   * both has not looked at everything, whatever its exit code says.
   *
   * @throws GateFault when gitleaks cannot be started, fails, hangs, or does not find what was planted.
   */
  async scan(folder: string, signal: AbortSignal): Promise<GitleaksFinding[]> {
    const report = `${folder}.json`;
    for (const name of plantedFiles) {
      Deno.writeTextFileSync(join(folder, name), plantedFile(), { mode: 0o600 });
    }
    let findings: GitleaksFinding[];
    try {
      const { code, stderr } = await runProgram({
        program: this.#program,
        args: [
          "detect",
          "--no-git",
          "--source",
          folder,
          "--config",
          this.#config,
          "--ignore-gitleaks-allow",
          "--redact",
          "--no-banner",
          "--log-level",
          "error",
          "--report-format",
          "json",
          "--report-path",
          report,
          "--exit-code",
          String(FOUND),
        ],
        // gitleaks reads .gitleaksignore of its working directory: this one is ours.
        cwd: folder,
        env: { HOME: folder, PATH: "/usr/bin:/bin", LC_ALL: "C", TMPDIR: folder },
      }, { timeout: this.#timeout, signal });
      if (code !== FOUND) {
        throw new GateFault(
          "gitleaks_failed",
          `gitleaks failed (exit code ${code}), so nothing can be pushed`,
          lastLine(stderr),
        );
      }
      findings = parseReport(await Deno.readTextFile(report));
    } catch (error) {
      throw gitleaksFault(error);
    }
    const planted = new Set(findings.map(({ file }) => file));
    if (!plantedFiles.every((name) => planted.has(name))) {
      throw new GateFault(
        "gitleaks_blind",
        "gitleaks does not find a token that was planted for it, so nothing can be pushed",
      );
    }
    return findings.filter(({ file }) => !plantedFiles.includes(file));
  }
}

/** @throws SyntaxError when it is not a report of gitleaks. */
function parseReport(text: string): GitleaksFinding[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new SyntaxError("the report is not a list");
  return rows.map((row: Record<string, unknown>) => {
    const { File: file, RuleID: rule, StartLine: start, EndLine: end, Match: match } = row;
    if (typeof file !== "string" || typeof rule !== "string") {
      throw new SyntaxError("a finding names no file or rule");
    }
    const startLine = typeof start === "number" ? start : 0;
    return {
      file: file.slice(file.lastIndexOf("/") + 1),
      rule,
      startLine,
      endLine: typeof end === "number" ? Math.max(end, startLine) : startLine,
      match: typeof match === "string" ? match : "",
    };
  });
}

function gitleaksFault(error: unknown): unknown {
  if (error instanceof ProgramFault) {
    const timeout = error.end?.stopped === "timeout";
    const code = timeout
      ? "gitleaks_timeout"
      : error.end === undefined
      ? "gitleaks_missing"
      : "gitleaks_failed";
    const what = timeout ? "takes too long" : "cannot be run";
    return new GateFault(
      code,
      `gitleaks ${what}, so nothing can be pushed`,
      `${error.message} ${error.end?.stderr ?? ""}`,
      error,
    );
  }
  if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) {
    return new GateFault(
      "gitleaks_failed",
      "gitleaks wrote no report, so nothing can be pushed",
      error.message,
      error,
    );
  }
  return error;
}
