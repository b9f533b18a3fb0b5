import { BottleError, ExitCode } from "../core/errors.ts";
import { type DeskBottle, deskPath } from "../supervise/bottle_desk.ts";
import { whatBecame } from "../supervise/desk/told.ts";
import { listPending } from "../supervise/pending.ts";
import { parseQueueName } from "../supervise/queue_files.ts";
import { nearest } from "../core/diagnostic.ts";
import { namesIn } from "./bottle/find_bottles.ts";

/** A proposal that waits. */
export interface FoundProposal {
  readonly bottle: DeskBottle;
  readonly id: string;
}

/** The running bottles that a command is about. @throws BottleError `no_bottle` when the named one does not run. */
export function chosenBottles(
  running: readonly DeskBottle[],
  slug: string | undefined,
): readonly DeskBottle[] {
  if (slug === undefined) return running;
  const chosen = running.filter((bottle) => bottle.slug === slug);
  if (chosen.length > 0) return chosen;
  const near = nearest(slug, running.map((bottle) => bottle.slug));
  throw new BottleError(`No bottle ${JSON.stringify(slug)} runs`, {
    code: "no_bottle",
    exit: ExitCode.usage,
    hint: near === undefined ? "bot-bottle list shows the bottles" : `did you mean ${near}?`,
  });
}

/**
 * The one proposal whose id begins like this.
 *
 * @throws BottleError `no_proposal`, `proposal_gone` when it was answered already, `proposal_ambiguous`.
 */
export function findProposal(bottles: readonly DeskBottle[], prefix: string): FoundProposal {
  const { proposals, problems } = listPending(bottles);
  const all = proposals.map(({ bottle, proposal }) => ({ bottle, id: proposal.id }));
  const exact = all.filter(({ id }) => id === prefix);
  const found = exact.length > 0
    ? exact
    : prefix === ""
    ? []
    : all.filter(({ id }) => id.startsWith(prefix));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const some = found.slice(0, 5).map(({ bottle, id }) => `${id} (${bottle.slug})`).join(", ");
    throw new BottleError(`${found.length} proposals begin with ${JSON.stringify(prefix)}`, {
      code: "proposal_ambiguous",
      exit: ExitCode.usage,
      hint: `give more of the id, or --bottle: ${some}`,
    });
  }
  const broken = problems.find(({ file }) => prefix !== "" && file.startsWith(prefix));
  if (broken !== undefined) {
    throw new BottleError(
      `Cannot use proposal ${broken.file} of ${broken.slug}: ${broken.reason}`,
      {
        code: "proposal_malformed",
        hint: "remove its file from the queue",
      },
    );
  }
  throw answered(bottles, prefix) ?? new BottleError(
    `No proposal ${JSON.stringify(prefix)} waits`,
    {
      code: "no_proposal",
      exit: ExitCode.usage,
      hint: all.length === 0
        ? "nothing waits in the bottles that run"
        : "bot-bottle supervise --once lists what waits",
    },
  );
}

/** The error for one that was answered before; undefined when there is no trace of it. */
function answered(bottles: readonly DeskBottle[], prefix: string): BottleError | undefined {
  if (prefix === "") return undefined;
  for (const bottle of bottles) {
    const queue = deskPath.queue(bottle);
    const ids = [...namesIn(queue), ...namesIn(`${queue}/processed`)]
      .flatMap((name) => parseQueueName(name)?.id ?? []);
    const id = ids.find((each) => each.startsWith(prefix));
    if (id === undefined) continue;
    const outcome = whatBecame(bottle, id);
    const status = outcome === undefined ? "answered" : outcome.status;
    return new BottleError(`Proposal ${id} of ${bottle.slug} does not wait any more: ${status}`, {
      code: "proposal_gone",
      exit: ExitCode.refused,
      hint: outcome === undefined || outcome.notes === ""
        ? `bot-bottle logs ${bottle.slug} shows who answered what`
        : outcome.notes,
    });
  }
  return undefined;
}
