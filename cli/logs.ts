import type { ChainedEvent } from "../core/event.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { nearest } from "../core/diagnostic.ts";
import { readEventLines, verifyEventLog } from "../sys/event_log_files.ts";
import { printable } from "../sys/log.ts";
import { watchFile } from "../sys/watch_file.ts";
import { chainsOf } from "./bottle/chain_heads.ts";
import { isClaimed } from "./bottle/claim.ts";
import { namesIn } from "./bottle/find_bottles.ts";
import { type BottleLayout, bottleLayout } from "./bottle/layout.ts";
import type { CliContext } from "./context.ts";
import { eventText } from "./event_text.ts";
import { bottleHome } from "./home.ts";
import type { LogsFlags } from "./logs_command.ts";

/** `bot-bottle logs`. */
export async function logs(this: CliContext, flags: LogsFlags, slug: string): Promise<void> {
  const { host, process } = this;
  const layout = knownBottle(bottleHome(host), host.uid, slug);
  const paths = Object.values(chainsOf(layout));
  const seen = new Map(paths.map((path) => [path, 0]));
  const show = () => {
    const fresh = paths.flatMap((path) => {
      const after = seen.get(path)!;
      const events = eventsOf(path).filter(({ event }) => event.seq > after);
      seen.set(path, events.at(-1)?.event.seq ?? after);
      return events;
    }).sort((a, b) => a.event.time < b.event.time ? -1 : a.event.time > b.event.time ? 1 : 0);
    for (const { line, event } of fresh) {
      if (flags.type !== undefined && event.type !== flags.type) continue;
      process.stdout.write(`${flags.json ? line : eventText(event)}\n`);
    }
  };
  show();
  for (const path of paths) {
    const { ok, fault } = verifyEventLog(path);
    if (!ok) host.log.warn(`${path} does not verify: line ${fault?.line}: ${fault?.reason}`);
  }
  if (flags.follow) await follow(layout, paths, show);
}

async function follow(layout: BottleLayout, paths: string[], show: () => void): Promise<void> {
  const ended = Promise.withResolvers<void>();
  using watches = new DisposableStack();
  for (const path of paths) watches.use(watchFile(path, show, { pollMs: 500 }));
  const timer = setInterval(() => {
    if (!isClaimed(layout)) ended.resolve();
  }, 500);
  watches.defer(() => clearInterval(timer));
  if (!isClaimed(layout)) ended.resolve();
  await ended.promise;
  show();
}

function knownBottle(home: string, uid: number, slug: string): BottleLayout {
  const names = namesIn(`${home}/state`);
  if (names.includes(slug)) return bottleLayout(home, uid, slug);
  const near = nearest(slug, names);
  throw new BottleError(`There is no bottle ${JSON.stringify(slug)}`, {
    code: "no_bottle",
    exit: ExitCode.usage,
    hint: near === undefined ? "bot-bottle list active shows the bottles" : `did you mean ${near}?`,
  });
}

function eventsOf(path: string): { line: string; event: ChainedEvent }[] {
  const events: { line: string; event: ChainedEvent }[] = [];
  for (const line of readEventLines(path)) {
    try {
      events.push({ line: printable(line), event: JSON.parse(line) as ChainedEvent });
    } catch { /* verification says which line is cut or edited */ }
  }
  return events;
}
