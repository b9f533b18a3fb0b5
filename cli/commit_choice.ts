import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { findBottles, type StateOnDisk } from "./bottle/find_bottles.ts";
import type { Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/** A bottle that runs and whose state stays when it ends. */
export type RunningState = StateOnDisk & { readonly record: NonNullable<StateOnDisk["record"]> };

/**
 * The bottle that was named, the only one that runs, or the one that is picked.
 *
 * @throws BottleError `no_bottle`, `no_terminal`, `not_kept`.
 */
export async function runningBottle(host: Host, slug: string | undefined): Promise<RunningState> {
  const all = findBottles(bottleHome(host), host.uid);
  const running = all.filter(({ state }) => state === "running");
  const name = slug ?? await onlyOne(host, running);
  const found = all.find((bottle) => bottle.slug === name);
  if (found === undefined) {
    const near = nearest(name, running.map((bottle) => bottle.slug));
    throw refusal(name, "there is no such bottle", "no_bottle", {
      hint: near === undefined ? "bot-bottle list shows what runs" : `did you mean ${near}?`,
    });
  }
  const { record } = found;
  if (found.state !== "running" || record === undefined) {
    const hint = found.state === "kept"
      ? `its files are kept as it left them: bot-bottle resume ${name}`
      : "bot-bottle list shows what runs";
    throw refusal(name, "it does not run", "no_bottle", { hint });
  }
  if (!record.preserved) {
    throw refusal(name, "nothing of it is kept when its command ends", "not_kept", {
      hint: "use bot-bottle start, or run --keep",
    });
  }
  return { ...found, record };
}

async function onlyOne(host: Host, running: readonly StateOnDisk[]): Promise<string> {
  const [first, ...more] = running;
  if (first === undefined) {
    throw new BottleError("Cannot commit: no bottle runs", {
      code: "no_bottle",
      exit: ExitCode.usage,
      hint: "start one with bot-bottle start",
    });
  }
  if (more.length === 0) return first.slug;
  if (!host.terminal.interactive) {
    throw missingTerminal(`choose between ${running.length} bottles that run`, "SLUG");
  }
  const { pickOne } = await import("./ui/ask.ts");
  return await pickOne(host, {
    title: "Commit which bottle?",
    choices: running.map(({ slug, record }) => ({
      value: slug,
      hint: `${record?.label ?? "-"} (${record?.agent ?? "-"})`,
    })),
  });
}

/** The error of a commit that is not made. */
export function refusal(
  slug: string,
  reason: string,
  code: string,
  { exit = ExitCode.usage, hint }: { exit?: ExitCode; hint: string },
): BottleError {
  return new BottleError(`Cannot commit ${JSON.stringify(slug)}: ${reason}`, { code, exit, hint });
}
