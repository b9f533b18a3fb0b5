import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { logFiles, type LogVerdict, verifyEventLog } from "../sys/event_log_files.ts";
import type { AuditFlags } from "./audit_command.ts";
import { chainsOf, readHeads } from "./bottle/chain_heads.ts";
import { namesIn } from "./bottle/find_bottles.ts";
import { bottleLayout } from "./bottle/layout.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { table } from "./ui/table.ts";

/** One chain and what is wrong with it. */
interface CheckedChain {
  readonly bottle: string;
  readonly chain: string;
  readonly file: string;
  readonly verdict: LogVerdict;
}

/** `bot-bottle audit verify`: exit 1 when a chain does not fit. */
// deno-lint-ignore require-await
export async function auditVerify(
  this: CliContext,
  flags: AuditFlags,
  ...slugs: string[]
): Promise<void> {
  const { host, process } = this;
  const checked = check(host, slugs);
  const broken = checked.filter(({ verdict }) => !verdict.ok);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(checked.map(asJson), null, 2)}\n`);
  } else if (checked.length === 0) {
    host.log.info("there is no event of any bottle yet");
  } else {
    const rows = checked.map(({ bottle, chain, verdict }) => [
      bottle,
      chain,
      verdict.ok ? "fits" : "DOES NOT FIT",
      eventsText(verdict),
    ]);
    process.stdout.write(table(["BOTTLE", "CHAIN", "VERDICT", "EVENTS"], rows));
    for (const { verdict } of broken) {
      host.log.error(`${verdict.at?.file}:${verdict.at?.line}: ${verdict.fault?.reason}`);
    }
  }
  if (broken.length > 0) this.exitWith(ExitCode.failed);
}

/** @throws BottleError `no_bottle`. */
function check(host: Host, slugs: readonly string[]): CheckedChain[] {
  const home = bottleHome(host);
  const known = [...new Set([...namesIn(`${home}/state`), ...notedSlugs(home)])].sort();
  for (const slug of slugs) {
    if (known.includes(slug)) continue;
    const near = nearest(slug, known);
    throw new BottleError(`There is no bottle ${JSON.stringify(slug)}`, {
      code: "no_bottle",
      exit: ExitCode.usage,
      hint: near === undefined ? "bot-bottle list shows them" : `did you mean ${near}?`,
    });
  }
  return (slugs.length === 0 ? known : slugs).flatMap((slug) => {
    const kept = readHeads(home, slug);
    return Object.entries(chainsOf(bottleLayout(home, host.uid, slug)))
      .filter(([chain, file]) => kept[chain] !== undefined || logFiles(file).length > 0)
      .map(([chain, file]) => ({
        bottle: slug,
        chain,
        file,
        verdict: verifyEventLog(file, kept[chain]),
      }));
  });
}

/** Bottles whose heads were noted: one whose state was removed behind our back is missed. */
function notedSlugs(home: string): string[] {
  return namesIn(`${home}/heads`).filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

function eventsText({ events, from, tornBytes, repairs }: LogVerdict): string {
  const notes = [
    ...(from > 1 ? [`older than ${from} rotated away`] : []),
    ...(tornBytes > 0 ? [`${tornBytes} bytes of an unfinished line`] : []),
    ...(repairs > 0 ? [`${repairs} unfinished lines cut off`] : []),
  ];
  return notes.length === 0 ? String(events) : `${events} (${notes.join(", ")})`;
}

function asJson({ bottle, chain, file, verdict }: CheckedChain) {
  return {
    bottle,
    chain,
    file,
    ok: verdict.ok,
    events: verdict.events,
    from: verdict.from,
    head: verdict.head,
    torn_bytes: verdict.tornBytes,
    fault: verdict.fault === undefined ? null : { ...verdict.at, reason: verdict.fault.reason },
  };
}
