import { gitEnvironment, type GitSetting } from "./git_environment.ts";
import {
  type ProgramBounds,
  type ProgramOutput,
  type RunningProgram,
  runProgram,
  startProgram,
  textOf,
} from "../process/program.ts";

/** Where git works. */
export interface GitPlace {
  /** The mirror; undefined to make one. */
  readonly gitDir?: string;
  readonly settings?: readonly GitSetting[];
  readonly env?: Readonly<Record<string, string>>;
}

type Input = ProgramBounds & { readonly stdin?: Uint8Array; readonly most?: number };

/** Runs the system's git with nothing of the machine's configuration. */
export class GitRunner {
  readonly #program: string;
  readonly #home: string;

  constructor(program: string, home: string) {
    this.#program = program;
    this.#home = home;
  }

  /** @throws ProgramFault when it fails. */
  text(args: readonly string[], place: GitPlace, input: Input): Promise<string> {
    return textOf(this.#command(args, place), input);
  }

  /** Any exit code is an answer. */
  run(args: readonly string[], place: GitPlace, input: Input): Promise<ProgramOutput> {
    return runProgram(this.#command(args, place), input);
  }

  start(args: readonly string[], place: GitPlace, bounds: ProgramBounds): RunningProgram {
    return startProgram(this.#command(args, place), bounds);
  }

  #command(args: readonly string[], { gitDir, settings, env }: GitPlace) {
    return {
      program: this.#program,
      args,
      env: gitEnvironment(this.#home, settings, {
        ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
        ...env,
      }),
      cwd: this.#home,
    };
  }
}
