import { printable } from "../core/printable.ts";
import type { EventFields } from "../core/event.ts";
import type { ApprovalBook, ShownFinding } from "./approval.ts";
import { Deadline } from "./deadline.ts";
import { GateFault } from "./gate_fault.ts";
import { forward } from "./git/forward.ts";
import type { Mirror } from "./git/mirror.ts";
import { type NewObject, newObjects } from "./git/new_objects.ts";
import { Quarantine } from "./git/quarantine.ts";
import { tipProblems } from "./git/tips.ts";
import type { ByteBudget } from "./http/byte_budget.ts";
import type { ByteReader } from "./http/byte_reader.ts";
import type { GateRequest } from "./http/server.ts";
import type { Lane } from "./lane.ts";
import { findingLine, sourceText } from "./finding_text.ts";
import { shownFindings } from "./shown_findings.ts";
import { judgeCommands } from "./policy/judge_commands.ts";
import { fitsPattern } from "./policy/ref_name.ts";
import type { PushReply, RefResult } from "./protocol/push_reply.ts";
import { NO_OBJECT, type ReceiveRequest } from "./protocol/receive_request.ts";
import { PushRefusal } from "./push_refusal.ts";
import type { GateLimits, GateTimeouts } from "./repo_config.ts";
import type { PushScanner } from "./scan/push_scanner.ts";
import type { PushFinding } from "./scan/source.ts";

/** Milliseconds for which what a client was told about the refs is taken as fresh when its push arrives. */
const ADVERTISED = 10_000;
/** Findings that are named one by one in messages. */
const NAMED = 10;
/** Objects of which a push is announced as being looked at. */
const MANY = 500;

/** What serving pushes of one repository needs. */
export interface PushContext {
  readonly mirror: Mirror;
  readonly lane: Lane;
  /** Folder for objects that are not accepted yet. */
  readonly quarantines: string;
  readonly scanner: PushScanner;
  readonly approvals: ApprovalBook;
  readonly limits: GateLimits;
  readonly timeouts: GateTimeouts;
  readonly requests: ByteBudget;
  readonly record: (event: EventFields) => void;
  readonly onDefect: (error: unknown) => void;
}

/** One push, from its commands to the upstream's answer. */
export class Push {
  readonly #context: PushContext;
  readonly #request: ReceiveRequest;
  readonly #body: ByteReader;
  readonly #gone: AbortSignal;
  readonly #out: PushReply;
  unpacked = false;

  constructor(
    context: PushContext,
    received: ReceiveRequest,
    { body, gone }: GateRequest,
    out: PushReply,
  ) {
    this.#context = context;
    this.#request = received;
    this.#body = body;
    this.#gone = gone;
    this.#out = out;
  }

  async run(): Promise<ReadonlyMap<string, RefResult>> {
    const { mirror, lane, timeouts, quarantines } = this.#context;
    await mirror.refresh(ADVERTISED);
    await this.#judge();
    using quarantine = new Quarantine(quarantines, mirror);
    let allowed: readonly ShownFinding[];
    {
      using _turn = await lane.enter(timeouts.queue, this.#gone);
      // All of it together: others wait for their turn.
      using deadline = new Deadline(timeouts.scan, this.#gone);
      allowed = await this.#look(quarantine, deadline.signal)
        .catch((error: unknown) => Promise.reject(deadline.reasonOf(error)));
    }
    // An operator takes minutes: other pushes go on meanwhile.
    if (allowed.length > 0) await this.#askOperator(allowed);
    using _turn = await lane.enter(timeouts.queue, this.#gone);
    return await this.#forward(quarantine, allowed);
  }

  /** What can be said without looking at any object. */
  async #judge(): Promise<void> {
    const { mirror, scanner } = this.#context;
    const { commands, pushOptions } = this.#request;
    const refusals = judgeCommands(commands, mirror.repo, await mirror.refs());
    if (refusals.length > 0) {
      throw new PushRefusal(
        refusals[0]!.rule,
        refusals.length === 1
          ? `${this.#shown(refusals[0]!.ref)}: ${refusals[0]!.reason}`
          : `${refusals.length} refs; nothing of the push is taken`,
        refusals.length === 1
          ? []
          : refusals.slice(0, NAMED).map(({ ref, reason }) => `  ${this.#shown(ref)}: ${reason}`),
        new Map(refusals.map(({ ref, rule }) => [ref, { refused: `git-gate: ${rule}` }])),
      );
    }
    const patterns = mirror.repo.pushOptions;
    const unknown = pushOptions.find((option) =>
      // deno-lint-ignore no-control-regex
      /[\x00-\x1f\x7f]/.test(option) || option.length > 1024 ||
      !patterns.some((pattern) => fitsPattern(option, pattern))
    );
    if (unknown !== undefined) {
      const shown = scanner.finds(unknown) ? "one" : `"${printable(unknown).slice(0, 80)}"`;
      throw new PushRefusal(
        "push_option",
        `the push option ${shown} is not passed on`,
        ["push again without -o"],
      );
    }
  }

  /** Takes the objects into quarantine and looks at all of them. @returns findings that a comment wants allowed. */
  async #look(quarantine: Quarantine, signal: AbortSignal): Promise<readonly ShownFinding[]> {
    const { mirror, limits, timeouts, scanner } = this.#context;
    const { commands, pushOptions } = this.#request;
    const tips = commands.map(({ new: to }) => to).filter((to) => to !== NO_OBJECT);
    if (tips.length > 0) {
      await quarantine.receive(this.#body, limits, timeouts, signal);
    } else if (!await this.#body.atEnd()) {
      throw new GateFault("bad_pack", "a push that only deletes carries objects");
    }
    this.unpacked = true;
    await this.#out.begin();
    const bounds = { timeout: timeouts.scan, signal };
    const objects: readonly NewObject[] = tips.length === 0
      ? []
      : await newObjects(quarantine, tips, limits, bounds);
    const problems = await tipProblems(quarantine, commands, mirror.repo, objects, bounds);
    if (problems.length > 0) {
      throw new PushRefusal(
        problems[0]!.rule,
        `${this.#shown(problems[0]!.ref)}: ${problems[0]!.reason}`,
        [],
        new Map(problems.map(({ ref, rule }) => [ref, { refused: `git-gate: ${rule}` }])),
      );
    }
    if (objects.length >= MANY) await this.#out.say(`looking at ${objects.length} new objects`);
    const said = [...commands.map(({ ref }) => ref), ...pushOptions];
    const { findings, unread } = await scanner.scan(quarantine, objects, said, signal);
    if (unread.length > 0) {
      const places = unread.map(({ source, reason }) =>
        `  ${sourceText(source, (text) => this.#shown(text))}: ${reason}`
      );
      throw new PushRefusal(
        "unreadable",
        "a part of the push cannot be looked at",
        named([...new Set(places)]),
      );
    }
    return await this.#sort(quarantine, findings, tips, signal);
  }

  /** Refuses, unless a comment asks for every finding. */
  async #sort(
    quarantine: Quarantine,
    findings: readonly PushFinding[],
    tips: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ShownFinding[]> {
    if (findings.length === 0) return [];
    const bounds = { timeout: this.#context.timeouts.scan, signal };
    const { shown, asked } = await shownFindings(quarantine, findings, {
      tips,
      bounds,
      shown: (text) => this.#shown(text),
    });
    if (asked) return shown;
    const known = findings.some((finding) => finding.known);
    const mayAsk = findings.every(({ known, source }) =>
      !known && source.kind === "blob" && source.linesKnown
    );
    throw new PushRefusal(
      known ? "known_secret" : "secret_found",
      `${shown.length} finding${shown.length === 1 ? "" : "s"} in what you push`,
      [
        ...named(shown.map((one) => findingLine(one, (text) => this.#shown(text)))),
        "take it out of every commit of the push (git commit --amend, git rebase -i), then push again",
        ...(mayAsk
          ? [
            "not a secret? put the comment gitleaks:allow on that line: the operator is asked when you push",
          ]
          : []),
      ],
      new Map(),
      undefined,
      {
        findings: shown.slice(0, NAMED).map(({ source, rules, path, line, commit }) => ({
          kind: source.kind,
          rule: rules.join(", "),
          path,
          line: line ?? null,
          commit: commit ?? null,
        })),
      },
    );
  }

  async #askOperator(findings: readonly ShownFinding[]): Promise<void> {
    const { approvals, mirror, timeouts } = this.#context;
    await this.#out.say(
      `${findings.length} finding${
        findings.length === 1 ? "" : "s"
      } with an allow comment: waiting for the operator, at most ${
        Math.ceil(timeouts.allow / 1000)
      } s`,
    );
    const subject = { repo: mirror.repo.name, commands: this.#request.commands };
    const answer = await approvals.ask(subject, findings, this.#gone);
    if (answer.released) return;
    const why = {
      approved: "it was approved without a reason",
      modified: "the answer is not a plain approval",
      rejected: "the operator rejected it",
      expired: "the operator did not answer in time; push again to ask again",
      withdrawn: "the client was gone",
      refused: "the operator could not be asked",
    }[answer.status];
    const notes = answer.status === "rejected" && answer.notes.trim() !== ""
      ? [`the operator says: ${this.#shown(answer.notes).slice(0, 300)}`]
      : [];
    throw new PushRefusal(`allow_${answer.status}`, why, notes, new Map(), answer.id);
  }

  async #forward(
    quarantine: Quarantine,
    allowed: readonly ShownFinding[],
  ): Promise<ReadonlyMap<string, RefResult>> {
    const { mirror, record, timeouts, approvals, onDefect } = this.#context;
    const { commands } = this.#request;
    if (this.#gone.aborted) throw new GateFault("client_gone", "the client is gone");
    // An event that cannot be stored ends the push here.
    record({
      type: "push_allowed",
      repo: mirror.repo.name,
      refs: this.refsForEvents(),
      ...(allowed.length === 0 ? {} : { approved_findings: allowed.length }),
    });
    const { results, messages } = await forward(quarantine, this.#request, timeouts);
    for (const message of messages.slice(0, 100)) {
      await this.#out.say(`upstream: ${this.#shown(message)}`);
    }
    const taken = commands.filter(({ ref }) => results.get(ref) === "ok");
    if (taken.length > 0) {
      approvals.used({ repo: mirror.repo.name, commands });
      try {
        quarantine.migrate();
        await mirror.update(taken);
      } catch (error) {
        // The upstream has it; the next refresh brings the mirror there.
        onDefect(error);
      }
    }
    record({
      type: "push_forwarded",
      repo: mirror.repo.name,
      refs: commands.map(({ ref }) => {
        const result = results.get(ref) ?? { refused: "no answer" };
        return result === "ok"
          ? { ref: this.#shown(ref), result: "ok" }
          : { ref: this.#shown(ref), result: "refused", reason: this.#shown(result.refused) };
      }),
    });
    return results;
  }

  /** The refs and object ids, as events carry them. */
  refsForEvents() {
    return this.#request.commands.slice(0, 50).map(({ ref, old, new: to }) => ({
      ref: this.#shown(ref),
      old,
      new: to,
    }));
  }

  /** Text of a program or the upstream, line by line without what the detectors know. */
  redacted(text: string): string {
    return text.split("\n").map((line) => this.#shown(line)).join("\n");
  }

  /** A text as it may be shown and recorded: a name can be a secret. */
  #shown(text: string): string {
    return this.#context.scanner.finds(text) ? "[withheld]" : printable(text).slice(0, 300);
  }
}

function named(lines: readonly string[]): string[] {
  const rest = lines.length - NAMED;
  return rest > 0 ? [...lines.slice(0, NAMED), `  and ${rest} more`] : [...lines];
}
