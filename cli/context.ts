import type { CommandContext } from "@stricli/core";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../sys/log.ts";
import type { Terminal } from "../sys/terminal.ts";

/** The programs and files of this installation; absolute paths. */
export interface Installation {
  /** The Deno that runs this program, and the sidecar and the relay too. */
  readonly deno: string;
  /** Folder with `bot-bottle-sidecar.js` and `relay.js`. */
  readonly dist: string;
  /** `deno.json` with the permission sets. */
  readonly config: string;
}

/** Everything of the machine that commands touch. */
export interface Host {
  readonly clock: Clock;
  readonly log: Log;
  readonly terminal: Terminal;
  readonly installation: Installation;
  /** The working directory. */
  readonly cwd: string;
  readonly uid: number;
  env(name: string): string | undefined;
  /** The variables whose names match. */
  envMatching(pattern: RegExp): Record<string, string>;
  random(bytes: Uint8Array): void;
}

/** What every command is called with. */
export interface CliContext extends CommandContext {
  readonly process: {
    readonly stdout: { write(text: string): void };
    readonly stderr: { write(text: string): void };
    exitCode?: number | string | null;
  };
  readonly host: Host;
  /** Ends the program with a code of the command's own once the command returns. */
  exitWith(code: number): void;
}
