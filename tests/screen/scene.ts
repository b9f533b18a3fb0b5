import { bottleLayout } from "../../cli/bottle/layout.ts";
import { claimBottle } from "../../cli/bottle/claim.ts";
import { recordText } from "../../cli/bottle/record.ts";
import { systemClock } from "../../core/clock.ts";
import type { Answer, ProposalDraft } from "../../core/proposal.ts";
import { type DeskBottle, deskBottle, deskPath } from "../../supervise/bottle_desk.ts";
import { sha256 } from "../../supervise/live_routes.ts";
import { ProposalQueue, type Ticket } from "../../supervise/queue.ts";
import { LIVE, routes } from "../../supervise/test_fixture.ts";
import { LAUNCHER, Scratch } from "../cli/support.ts";
import { Screen } from "../cli/pty.ts";

/** A bottle that runs as far as the desk can tell: claimed by this process, with a queue that answers reach. */
export interface RunningBottle extends Disposable {
  readonly bottle: DeskBottle;
  readonly queue: ProposalQueue;
  propose(draft?: Partial<ProposalDraft>): Ticket;
  live(): string;
  putLive(text: string): void;
}

const TERMINAL = { TERM: "xterm-256color", TZ: "UTC", LANG: "C.UTF-8" } as const;

/** A home folder with bottles that run, and what is opened on it. */
export class DeskScene implements Disposable {
  readonly scratch = new Scratch();
  readonly #made = new DisposableStack();

  constructor() {
    this.#made.use(this.scratch);
  }

  get home(): string {
    return this.scratch.home;
  }

  run(args: readonly string[]): ReturnType<Scratch["run"]> {
    return this.scratch.run(args);
  }

  /** Opens the desk on a terminal of its own; the clock's zone and the language are fixed. */
  desk(
    size: { cols: number; rows: number } = { cols: 80, rows: 24 },
    env: Readonly<Record<string, string>> = {},
  ): Screen {
    return this.#made.use(
      new Screen(LAUNCHER, ["supervise"], {
        cwd: this.scratch.project,
        env: { ...this.scratch.env(), ...TERMINAL, ...env },
        ...size,
      }),
    );
  }

  /** The desk in exactly this environment. */
  deskIn(env: Readonly<Record<string, string>>): Screen {
    return this.#made.use(
      new Screen(LAUNCHER, ["supervise"], {
        cwd: this.scratch.project,
        env: { ...env, ...TERMINAL },
      }),
    );
  }

  /** A script of the shell on a terminal of its own; `$0` is the launcher. */
  script(script: string, env: Readonly<Record<string, string>> = {}): Screen {
    return this.#made.use(
      new Screen("/bin/sh", ["-c", script, LAUNCHER], {
        cwd: this.scratch.project,
        env: { ...this.scratch.env(), ...TERMINAL, ...env },
      }),
    );
  }

  bottle(slug: string, live = LIVE): RunningBottle {
    const layout = bottleLayout(this.home, Deno.uid() ?? 0, slug);
    const bottle = deskBottle(this.home, slug);
    const made = this.#made.use(new DisposableStack());
    made.use(claimBottle(layout, slug, true));
    Deno.mkdirSync(`${bottle.contract}/config`, { recursive: true });
    const putLive = (text: string) => Deno.writeTextFileSync(deskPath.routes(bottle), text);
    putLive(live);
    Deno.writeTextFileSync(deskPath.generation(bottle), "1\n");
    Deno.writeTextFileSync(deskPath.tokens(bottle), '["EGRESS_TOKEN_0"]');
    Deno.writeTextFileSync(
      layout.record,
      recordText({
        version: 1,
        slug,
        backend: "bubblewrap",
        bottles: ["dev"],
        started: "2030-01-31T12:00:00.000Z",
        preserved: false,
      }),
    );
    const queue = made.use(ProposalQueue.open({
      dir: deskPath.queue(bottle),
      slug,
      clock: systemClock,
      record: () => {},
    }));
    return {
      bottle,
      queue,
      propose(draft = {}) {
        // Arrivals are told apart by the millisecond.
        for (const now = Date.now(); Date.now() === now;);
        const result = queue.submit({
          tool: "egress-allow",
          justification: "The build downloads its assets from there.",
          details: {},
          proposedFile: routes({ host: "api.example.com" }, { host: "cdn.example.org" }),
          currentFileHash: sha256(Deno.readTextFileSync(deskPath.routes(bottle))),
          ...draft,
        });
        if (!("answer" in result)) throw new Error(result.notes);
        return result;
      },
      live: () => Deno.readTextFileSync(deskPath.routes(bottle)),
      putLive,
      [Symbol.dispose]: () => made.dispose(),
    };
  }

  [Symbol.dispose](): void {
    this.#made.dispose();
  }
}

/** A proposal of the proxy's, whose text is what an agent sends. */
export function heldValue(details: Readonly<Record<string, string>> = {}): Partial<ProposalDraft> {
  return {
    tool: "egress-token-allow",
    justification: "A request to api.example.com is held: it holds what looks like a token.",
    details: {
      host: "api.example.com",
      method: "POST",
      path: "/v1/items",
      detector: "token_patterns",
      rule: "example-key",
      place: "body",
      context: "key=…(40 characters)",
      ...details,
    },
  };
}

/** The answer without what differs from run to run. */
export async function answerOf({ answer }: Ticket): Promise<Omit<Answer, "id">> {
  const { id: _, ...rest } = await answer;
  return rest;
}
