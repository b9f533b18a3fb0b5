import {
  type Application,
  buildApplication,
  buildRouteMap,
  ExitCode as StricliExitCode,
  help,
  run,
  version,
} from "@stricli/core";
import { ExitCode } from "../core/errors.ts";
import { auditCommands } from "./audit_command.ts";
import { approveCommand } from "./approve_command.ts";
import { cleanupCommand } from "./cleanup_command.ts";
import { commitCommand } from "./commit_command.ts";
import { completionsCommand } from "./completions_command.ts";
import type { CliContext, Host } from "./context.ts";
import { doctorCommand } from "./doctor_command.ts";
import { editCommand } from "./edit_command.ts";
import { egressCommands } from "./egress_commands.ts";
import { applicationText, exitCodeOf } from "./error_text.ts";
import { explainCommand } from "./explain_command.ts";
import { infoCommand } from "./info_command.ts";
import { initCommand } from "./init_command.ts";
import { listCommand } from "./list_command.ts";
import { logsCommand } from "./logs_command.ts";
import { rejectCommand } from "./reject_command.ts";
import { removeCommand } from "./remove_command.ts";
import { resumeCommand } from "./resume_command.ts";
import { markPrompts } from "./start/prompt_text.ts";
import { runCommand } from "./run_command.ts";
import { scanCommand } from "./scan_command.ts";
import { startCommand } from "./start_command.ts";
import { superviseCommand } from "./supervise_command.ts";
import { toolchainCommands } from "./toolchain_command.ts";
import { transcriptCommand } from "./transcript_command.ts";

export const VERSION = "0.1.0";

/** The command line as a value. */
export function buildApp(debug: boolean): Application<CliContext> {
  const root = buildRouteMap({
    routes: {
      run: runCommand,
      start: startCommand,
      resume: resumeCommand,
      commit: commitCommand,
      list: listCommand,
      init: initCommand,
      edit: editCommand,
      info: infoCommand,
      explain: explainCommand,
      supervise: superviseCommand,
      approve: approveCommand,
      reject: rejectCommand,
      logs: logsCommand,
      transcript: transcriptCommand,
      audit: auditCommands,
      remove: removeCommand,
      cleanup: cleanupCommand,
      doctor: doctorCommand,
      toolchain: toolchainCommands,
      scan: scanCommand,
      egress: egressCommands,
      completions: completionsCommand,
    },
    docs: {
      brief: "Run coding agents in bottles: no credentials, no network but the sidecar's allowlist",
    },
  });
  return buildApplication(root, {
    name: "bot-bottle",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    determineExitCode: exitCodeOf,
    localization: { text: applicationText(debug) },
  }, {
    // The default set would also take -H, which `egress test` has for headers.
    help: help({
      brief: "Print this help",
      defaultForRouteMap: true,
      formatting: {
        caseStyle: "convert-camel-to-kebab",
        useAliasInUsageLine: false,
        onlyRequiredInUsageLine: false,
      },
    }),
    version: version({ brief: "Print the version", info: { currentVersion: VERSION } }),
  });
}

/** Where results and messages go. */
export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

/**
 * Runs one command line and gives its exit code.
 *
 * @param args without the program's name.
 */
export async function runCli(args: readonly string[], host: Host, output: Output): Promise<number> {
  let chosen: number | undefined;
  const context: CliContext = {
    process: {
      stdout: { write: output.stdout },
      stderr: { write: output.stderr },
    },
    host,
    exitWith: (code) => chosen = code,
  };
  const inputs = args.length === 0 ? ["--help"] : markPrompts(args);
  await run(buildApp(host.log.level === "debug"), inputs, context);
  const code = Number(context.process.exitCode ?? 0);
  if (code === 0) return chosen ?? ExitCode.done;
  if (code === StricliExitCode.UnknownCommand || code === StricliExitCode.InvalidArgument) {
    return ExitCode.usage;
  }
  return code < 0 ? ExitCode.failed : code;
}
