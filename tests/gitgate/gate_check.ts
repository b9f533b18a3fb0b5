/**
 * Holds any push gate against the attack cases: `scripts/gate-check URL`. Everything that is pushed is made up; what a
 * gate lets through stays in the repository behind it, so that one should be for this alone.
 */
import { ATTACK_ROWS, type AttackRow, ELSEWHERE } from "./attack_rows.ts";
import { AttackStage, type Attempt } from "./attack_stage.ts";

const USAGE =
  `Usage: scripts/gate-check URL [--prefix FOLDER/] [--timeout SECONDS] [--verbose] [ROW…]

Pushes every attack case (D1 to D18) with a made-up token to a git gate, and says what the gate took.
URL is a repository behind the gate that exists for this test: whatever is accepted stays in it.

  --prefix FOLDER/    branches are pushed below refs/heads/FOLDER/ (gate-check/ unless given)
  --timeout SECONDS   a push that is still held then counts as not accepted (60)
  --verbose           show what the gate says to each push
  ROW                 only rows whose ids begin with this, such as D12

Exit code: 0 when every attack was refused and every clean push accepted, 1 otherwise, 2 for a wrong command line.
`;

/** What the command line asks for. */
interface Plan {
  readonly url: string;
  readonly prefix: string;
  readonly patience: number;
  readonly verbose: boolean;
  readonly rows: readonly AttackRow[];
}

/** @returns undefined when the command line cannot be understood. */
export function planOf(args: readonly string[]): Plan | undefined {
  const words: string[] = [];
  let prefix = "gate-check/";
  let seconds = 60;
  let verbose = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--verbose") verbose = true;
    else if (arg === "--prefix") prefix = args[++at] ?? "-";
    else if (arg === "--timeout") seconds = Number(args[++at]);
    else if (arg.startsWith("-")) return undefined;
    else words.push(arg);
  }
  const [url, ...wanted] = words;
  if (url === undefined || !/^https?:\/\//.test(url) || !(seconds > 0)) return undefined;
  if (!/^(?:\w[\w.-]*\/)*$/.test(prefix)) return undefined;
  const rows = ATTACK_ROWS.filter(({ id }) =>
    wanted.length === 0 || wanted.some((word) => id.startsWith(word))
  );
  return rows.length === 0 ? undefined : { url, prefix, patience: seconds * 1000, verbose, rows };
}

async function outcome(row: AttackRow, plan: Plan): Promise<Attempt | { failed: string }> {
  try {
    await using stage = await AttackStage.open(plan.url, plan.prefix, plan.patience);
    return await row.attempt(stage);
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

async function check(plan: Plan): Promise<boolean> {
  const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  let wrong = 0;
  for (const row of plan.rows) {
    const result = await outcome(row, plan);
    const became = "failed" in result ? "not run" : result.accepted ? "accepted" : "refused";
    const right = became === row.expected;
    if (!right) wrong++;
    say(`${right ? "ok   " : "WRONG"}  ${row.id.padEnd(11)} ${became.padEnd(9)} ${row.what}`);
    const details = "failed" in result ? result.failed : plan.verbose ? result.said : "";
    for (const line of details.trimEnd().split("\n").filter(Boolean)) say(`         ${line}`);
  }
  for (const [id, why] of Object.entries(ELSEWHERE)) {
    say(`-      ${id.padEnd(11)} not asked here: ${why}`);
  }
  say(`${plan.rows.length - wrong} of ${plan.rows.length} as they should be`);
  return wrong === 0;
}

if (import.meta.main) {
  const plan = planOf(Deno.args);
  if (plan === undefined) {
    Deno.stderr.writeSync(new TextEncoder().encode(USAGE));
    Deno.exit(2);
  }
  Deno.exit(await check(plan) ? 0 : 1);
}
