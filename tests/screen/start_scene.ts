import { join } from "node:path/posix";
import { Screen } from "../cli/pty.ts";
import { LAUNCHER, Scratch } from "../cli/support.ts";
import { inShell } from "./restored.ts";

/** Agents and bottles to start, and terminals to start them on. */
export class StartScene implements Disposable {
  readonly at = new Scratch();
  readonly #made = new DisposableStack();

  constructor() {
    this.#made.use(this.at);
    this.at.bottle("base", "env: {MODE: test}");
    this.at.bottle("python", "extends: base\negress: {routes: [{host: packages.example.org}]}");
    this.at.bottle("web", "extends: python\negress: {routes: [{host: api.example.com}]}");
    this.at.bottle("other", "egress: {routes: [{host: api.example.com}]}");
    this.at.agent("dev", "bottle: web");
    this.at.agent("reviewer", "bottle: base");
  }

  /** `bot-bottle` with these arguments; without colour unless it is asked for. */
  open(args: readonly string[], { colour = false } = {}): Screen {
    const { NO_COLOR, ...env } = this.#env();
    return this.#made.use(
      new Screen(LAUNCHER, args, {
        cwd: this.at.project,
        env: colour || NO_COLOR === undefined ? env : { ...env, NO_COLOR },
      }),
    );
  }

  /** The same in a shell that says afterwards how it ended. */
  inShell(args: string): Screen {
    return this.#made.use(
      new Screen("/bin/sh", ["-c", inShell(args), LAUNCHER], {
        cwd: this.at.project,
        env: this.#env(),
      }),
    );
  }

  /** What was written down about a bottle. */
  record(slug: string): Record<string, unknown> {
    return JSON.parse(Deno.readTextFileSync(join(this.at.home, "state", slug, "bottle.json")));
  }

  #env(): Record<string, string> {
    return { ...this.at.env(), TERM: "xterm-256color" };
  }

  [Symbol.dispose](): void {
    this.#made.dispose();
  }
}
