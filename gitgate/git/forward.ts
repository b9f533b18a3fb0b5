import { ProgramFault } from "../process/program.ts";
import type { RefResult } from "../protocol/push_reply.ts";
import { NO_OBJECT, type ReceiveRequest } from "../protocol/receive_request.ts";
import type { GateTimeouts } from "../repo_config.ts";
import type { Quarantine } from "./quarantine.ts";

/** What the upstream said. */
export interface Forwarded {
  readonly results: ReadonlyMap<string, RefResult>;
  /** Lines that the upstream wants its user to read. */
  readonly messages: readonly string[];
}

/**
 * Pushes exactly these objects to exactly these refs, each bound to the value that the upstream has now
 * (`--force-with-lease`): whoever was faster wins, and the client is told.
 *
 * @throws GateFault when there is no answer for every ref.
 */
export async function forward(
  quarantine: Quarantine,
  { commands, capabilities, pushOptions }: ReceiveRequest,
  timeouts: GateTimeouts,
): Promise<Forwarded> {
  const { mirror } = quarantine;
  const { env, settings = [] } = mirror.upstreamPlace;
  const place = {
    ...quarantine.place(),
    // The client has packed well already: its differences are sent on, no others are searched for.
    settings: [...settings, ["pack.window", "0"] as const],
    env: { ...quarantine.place().env, ...env },
  };
  const output = await mirror.git.run(
    [
      "push",
      "--porcelain",
      "--no-verify",
      ...(capabilities.has("atomic") ? ["--atomic"] : []),
      ...pushOptions.map((option) => `--push-option=${option}`),
      ...commands.map(({ ref, old }) =>
        `--force-with-lease=${ref}:${old === NO_OBJECT ? "" : old}`
      ),
      "--end-of-options",
      mirror.repo.url,
      // By its id alone: git would take the value of a branch that is called like the id.
      ...commands.map(({ ref, new: to }) => `${to === NO_OBJECT ? "" : `${to}^{object}`}:${ref}`),
    ],
    place,
    { timeout: timeouts.upstream },
  );
  const { results, messages } = parsePorcelain(
    new TextDecoder().decode(output.stdout),
    output.stderr,
  );
  const unanswered = commands.filter(({ ref }) => !results.has(ref));
  if (unanswered.length > 0) {
    throw mirror.unreachable(new ProgramFault("git push ended without an answer", output));
  }
  return { results, messages };
}

/** Reads what `git push --porcelain` prints (git-push(1), "Output"). */
export function parsePorcelain(stdout: string, stderr: string): Forwarded {
  const results = new Map<string, RefResult>();
  for (const line of stdout.split("\n")) {
    const found = /^([ +*=!-])\t[^\t]*:([^\t:]+)\t(.*)$/.exec(line);
    if (found === null) continue;
    const [, flag, ref, summary] = found as unknown as [string, string, string, string];
    results.set(ref, flag === "!" ? { refused: reasonOf(summary) } : "ok");
  }
  const messages = stderr.split("\n")
    .map((line) => /^remote: ?(.*?)\s*$/.exec(line.split("\r").at(-1) ?? "")?.[1] ?? "")
    .filter((line) => line !== "");
  return { results, messages };
}

function reasonOf(summary: string): string {
  if (/stale info/.test(summary)) return "the upstream has moved; fetch first, then push again";
  const said = /\(([^()]*)\)\s*$/.exec(summary)?.[1] ?? summary;
  return `the upstream refuses it: ${said}`;
}
