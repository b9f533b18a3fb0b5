import { join } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import type { EventFields } from "../core/event.ts";
import type { Answer, ProposalDraft } from "../core/proposal.ts";
import type { DeskContext } from "./apply_change.ts";
import { type DeskBottle, deskBottle, deskPath } from "./bottle_desk.ts";
import type { Decision } from "./decide.ts";
import { sha256 } from "./live_routes.ts";
import { listPending, type PendingProposal } from "./pending.ts";
import { ProposalQueue, type Ticket } from "./queue.ts";

/** The live file that a fixture begins with. */
export const LIVE = routes({ host: "api.example.com" });
/** When it is, in a fixture. */
export const NOW = Date.parse("2030-01-31T12:00:00.000Z");

/** A routes file in the spelling in which it is applied. */
export function routes(...entries: readonly Record<string, unknown>[]): string {
  return `${JSON.stringify({ routes: entries }, null, 2)}\n`;
}

/** A bottle with a queue, as the desk sees it. */
export interface DeskFixture extends Disposable {
  readonly home: string;
  readonly bottle: DeskBottle;
  readonly queue: ProposalQueue;
  readonly context: DeskContext;
  /** What the desk recorded. */
  readonly events: EventFields[];
  /** Lets time pass, in milliseconds. */
  pass(ms: number): void;
  propose(draft?: Partial<ProposalDraft>): Ticket;
  pending(): readonly PendingProposal[];
  /** A decision about what waits as `id`, as it is shown now. */
  decision(id: string, status: Decision["status"], rest?: Partial<Decision>): Decision;
  live(): string;
  putLive(text: string): void;
  generation(): number;
  files(folder: string): string[];
}

/** Makes a bottle in a temporary folder; everything goes with it. */
export function deskFixture(slug = "dev", home = Deno.makeTempDirSync({ prefix: "desk-" })) {
  const bottle = deskBottle(home, slug);
  Deno.mkdirSync(`${bottle.contract}/config`, { recursive: true });
  const putLive = (text: string) => Deno.writeTextFileSync(deskPath.routes(bottle), text);
  putLive(LIVE);
  Deno.writeTextFileSync(deskPath.generation(bottle), "1\n");
  Deno.writeTextFileSync(deskPath.tokens(bottle), '["EGRESS_TOKEN_0"]');
  const queue = ProposalQueue.open({
    dir: deskPath.queue(bottle),
    slug,
    clock: systemClock,
    record: () => {},
  });
  const events: EventFields[] = [];
  let now = NOW;
  const live = () => Deno.readTextFileSync(deskPath.routes(bottle));
  const pending = () => listPending([bottle]).proposals;
  const fixture: DeskFixture = {
    home,
    bottle,
    queue,
    context: {
      clock: { now: () => new Date(now), monotonic: () => now },
      record: (event) => void events.push(event),
    },
    events,
    pass: (ms) => void (now += ms),
    propose: (draft = {}) => {
      const result = queue.submit({
        tool: "egress-allow",
        justification: "a test",
        details: {},
        proposedFile: routes({ host: "api.example.com" }, { host: "cdn.example.org" }),
        currentFileHash: sha256(live()),
        ...draft,
      });
      if (!("answer" in result)) throw new Error(result.notes);
      return result;
    },
    pending,
    decision: (id, status, rest = {}) => {
      const shown = pending().find(({ proposal }) => proposal.id === id)!;
      return {
        status,
        notes: "",
        shown: { proposal: shown.hash, live: shown.liveHash },
        ...rest,
      };
    },
    live,
    putLive,
    generation: () => Number(Deno.readTextFileSync(deskPath.generation(bottle))),
    files: (folder) => [...Deno.readDirSync(join(home, folder))].map(({ name }) => name).sort(),
    [Symbol.dispose]: () => {
      queue[Symbol.dispose]();
      Deno.removeSync(home, { recursive: true });
    },
  };
  return fixture;
}

/** The answer without its id. */
export async function answerOf({ answer }: Ticket): Promise<Omit<Answer, "id">> {
  const { id: _, ...rest } = await answer;
  return rest;
}
