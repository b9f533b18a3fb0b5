import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { type Clock, systemClock } from "../core/clock.ts";
import type { EventFields } from "../core/event.ts";
import { MAX_PENDING, type Proposal, type ProposalDraft } from "../core/proposal.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import { ProposalQueue, type QueueOptions, type Ticket } from "./queue.ts";

const DRAFT: ProposalDraft = {
  tool: "egress-token-allow",
  justification: "the request holds what looks like a token",
  details: { host: "api.example.com", detector: "token_patterns" },
};
const LONG = { timeout: 60_000 };

interface Scene extends Disposable {
  readonly dir: string;
  readonly queue: ProposalQueue;
  readonly events: EventFields[];
  /** The files in the queue's folder, sorted. */
  names(folder?: string): string[];
  proposals(): Proposal[];
  respond(id: string, response: Record<string, unknown>): void;
  outcome(id: string): { status: string; notes: string };
}

function scene(options: Partial<QueueOptions> = {}): Scene {
  const dir = Deno.makeTempDirSync({ prefix: "queue-" });
  return sceneIn(dir, options);
}

function sceneIn(dir: string, options: Partial<QueueOptions> = {}): Scene {
  const events: EventFields[] = [];
  const record = (event: EventFields) => void events.push(event);
  const queue = ProposalQueue.open({ dir, slug: "dev", clock: systemClock, record, ...options });
  const names = (folder = ".") =>
    [...Deno.readDirSync(join(dir, folder))].filter(({ isDirectory }) => !isDirectory)
      .map(({ name }) => name).sort();
  return {
    dir,
    queue,
    events,
    names,
    proposals: () =>
      names().filter((name) => name.endsWith(".proposal.json"))
        .map((name) => JSON.parse(Deno.readTextFileSync(join(dir, name)))),
    respond: (id, response) =>
      replaceFile(
        join(dir, `${id}.response.json`),
        JSON.stringify({ proposal_id: id, ...response }),
        0o600,
      ),
    outcome: (id) =>
      JSON.parse(Deno.readTextFileSync(join(dir, "processed", `${id}.outcome.json`))),
    [Symbol.dispose]() {
      queue[Symbol.dispose]();
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

function submitted(result: ReturnType<ProposalQueue["submit"]>): Ticket {
  assert.ok("answer" in result, JSON.stringify(result));
  return result;
}

Deno.test("ask() writes a proposal only its owner can read, and gives the operator's answer, twice", async () => {
  using at = scene();
  for (const notes of ["a test value", "again"]) {
    const answer = at.queue.ask(DRAFT, LONG);
    const [proposal] = at.proposals();
    assert.ok(proposal);
    assert.equal(proposal.bottle_slug, "dev");
    assert.equal(proposal.tool, "egress-token-allow");
    assert.equal(proposal.proposed_file, null);
    assert.deepEqual(proposal.details, DRAFT.details);
    assert.equal(Deno.statSync(join(at.dir, `${proposal.id}.proposal.json`)).mode! & 0o777, 0o600);
    at.respond(proposal.id, { status: "approved", notes, extra: "kept" });
    assert.deepEqual(await answer, { status: "approved", notes, id: proposal.id });
    assert.deepEqual(at.names(), []);
    assert.equal(at.outcome(proposal.id).status, "approved");
    const response = Deno.readTextFileSync(
      join(at.dir, "processed", `${proposal.id}.response.json`),
    );
    assert.equal(JSON.parse(response).extra, "kept");
  }
  assert.deepEqual(at.events.map(({ type }) => type), [
    ...["proposal_queued", "proposal_answered"],
    ...["proposal_queued", "proposal_answered"],
  ]);
  assert.equal(at.events[1]?.status, "approved");
});

Deno.test("ask() gives the file that a modification ended with", async () => {
  using at = scene();
  const draft: ProposalDraft = { ...DRAFT, tool: "egress-allow", proposedFile: "routes: []\n" };
  const answer = at.queue.ask(draft, LONG);
  const { id, proposed_file } = at.proposals()[0]!;
  assert.equal(proposed_file, "routes: []\n");
  at.respond(id, { status: "modified", notes: "", final_file: "routes: [] # narrowed\n" });
  assert.deepEqual(await answer, {
    status: "modified",
    notes: "",
    finalFile: "routes: [] # narrowed\n",
    id,
  });
});

/** A clock on which `step` milliseconds pass with each look. */
function steppingClock(step: number): Clock {
  let passed = 0;
  return { now: () => new Date(), monotonic: () => passed += step };
}

Deno.test("ask() reads a file again that a hand is writing", async () => {
  using at = scene({ clock: steppingClock(0) });
  const answer = at.queue.ask(DRAFT, LONG);
  const { id } = at.proposals()[0]!;
  const path = join(at.dir, `${id}.response.json`);
  const whole = JSON.stringify({ proposal_id: id, status: "approved", notes: "by hand" });
  for (const length of [0, 1, 20, whole.length - 1, whole.length]) {
    Deno.writeTextFileSync(path, whole.slice(0, length));
    await new Promise((resolve) => setTimeout(resolve, 120)); // at least one look at each
  }
  assert.equal((await answer).notes, "by hand");
});

for (
  const [what, put, reason] of [
    ["text that is not JSON", (path: string) => Deno.writeTextFileSync(path, "yes"), /not JSON/],
    ["an empty file", (path: string) => Deno.writeTextFileSync(path, ""), /not JSON/],
    [
      "bytes that are not UTF-8",
      (path: string) => Deno.writeFileSync(path, new Uint8Array([0x22, 0xff, 0x22])),
      /not JSON/,
    ],
    [
      "an unknown status",
      (path: string, id: string) =>
        Deno.writeTextFileSync(path, JSON.stringify({ proposal_id: id, status: "yes" })),
      /malformed: status/,
    ],
    ["a list", (path: string) => Deno.writeTextFileSync(path, "[]"), /malformed/],
    [
      "another proposal's id",
      (path: string) =>
        Deno.writeTextFileSync(
          path,
          JSON.stringify({ proposal_id: "aaaaa-bbbbb", status: "approved", notes: "x" }),
        ),
      /another proposal/,
    ],
    [
      "a modification of what cannot be modified",
      (path: string, id: string) =>
        Deno.writeTextFileSync(
          path,
          JSON.stringify({ proposal_id: id, status: "modified", notes: "x" }),
        ),
      /cannot be modified/,
    ],
    [
      "an approval without a reason",
      (path: string, id: string) =>
        Deno.writeTextFileSync(
          path,
          JSON.stringify({ proposal_id: id, status: "approved", notes: " " }),
        ),
      /needs notes/,
    ],
    [
      "more than 1 MiB",
      (path: string, id: string) =>
        Deno.writeTextFileSync(
          path,
          JSON.stringify({ proposal_id: id, status: "approved", notes: "x".repeat(1 << 20) }),
        ),
      /larger than/,
    ],
    [
      "a symbolic link",
      (path: string, id: string) => {
        Deno.writeTextFileSync(
          `${path}.target`,
          JSON.stringify({ proposal_id: id, status: "approved", notes: "x" }),
        );
        Deno.symlinkSync(`${path}.target`, path);
      },
      /symbolic link/,
    ],
    ["a folder", (path: string) => Deno.mkdirSync(path), /not a regular file/],
    [
      "a pipe",
      (path: string) =>
        assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success),
      /not a regular file/,
    ],
  ] as const
) {
  Deno.test(`ask() takes ${what} for a refusal`, async () => {
    using at = scene({ clock: steppingClock(600) });
    const answer = at.queue.ask(DRAFT, LONG);
    const { id } = at.proposals()[0]!;
    put(join(at.dir, `${id}.response.json`), id);
    const { status, notes } = await answer;
    assert.equal(status, "refused");
    assert.match(notes, reason);
    assert.equal(at.outcome(id).status, "refused");
    assert.equal(
      at.names().filter((name) => name.startsWith(id) && !name.endsWith("target")).length,
      0,
    );
  });
}

Deno.test("ask() expires and files the proposal", async () => {
  using at = scene();
  const { status, id } = await at.queue.ask(DRAFT, { timeout: 5 });
  assert.equal(status, "expired");
  assert.deepEqual(at.names(), []);
  assert.equal(at.outcome(id!).status, "expired");
  assert.equal(at.queue.pending, 0);
});

Deno.test("ask() takes an answer that came in the last moment before it expires", async () => {
  using at = scene();
  const answer = at.queue.ask(DRAFT, { timeout: 1 });
  at.respond(at.proposals()[0]!.id, { status: "approved", notes: "just in time" });
  assert.equal((await answer).status, "approved");
});

Deno.test("ask() ends with whoever asked, and leaves other proposals alone", async () => {
  using at = scene();
  const gone = new AbortController();
  const first = at.queue.ask(DRAFT, { ...LONG, signal: gone.signal });
  const second = at.queue.ask(DRAFT, LONG);
  gone.abort();
  const { status, id } = await first;
  assert.equal(status, "withdrawn");
  assert.equal(at.outcome(id!).status, "withdrawn");
  const [left] = at.proposals();
  at.respond(left!.id, { status: "rejected", notes: "no" });
  assert.equal((await second).status, "rejected");
  assert.equal((await at.queue.ask(DRAFT, { ...LONG, signal: gone.signal })).status, "withdrawn");
});

Deno.test(`ask() refuses what would be more than ${MAX_PENDING} that wait, and takes one when one went`, async () => {
  using at = scene();
  const results = Array.from({ length: 200 }, () => at.queue.submit(DRAFT));
  const tickets = results.filter((result) => "answer" in result);
  const turnedAway = results.flatMap((result) => "answer" in result ? [] : [result]);
  assert.equal(tickets.length, MAX_PENDING);
  assert.ok(turnedAway.every(({ status, notes }) => status === "refused" && /32/.test(notes)));
  assert.equal(at.proposals().length, MAX_PENDING);
  assert.equal((await at.queue.ask(DRAFT, LONG)).status, "refused");
  at.respond(tickets[7]!.id, { status: "rejected", notes: "" });
  await tickets[7]!.answer;
  submitted(at.queue.submit(DRAFT));
  assert.equal(at.proposals().length, MAX_PENDING);
});

Deno.test("open() files what an earlier sidecar left, so that only what waits is pending", () => {
  using at = scene();
  const other = Deno.makeTempDirSync({ prefix: "queue-" });
  const left = submitted(at.queue.submit(DRAFT)).id;
  for (const name of at.names()) Deno.copyFileSync(join(at.dir, name), join(other, name));
  Deno.writeTextFileSync(join(other, "zzzzz-zzzzz.response.json"), "{}");
  Deno.writeTextFileSync(join(other, "yyyyy-yyyyy.proposal.json.12-ab.tmp"), "{");
  Deno.writeTextFileSync(join(other, "note.txt"), "the operator's own");
  using next = sceneIn(other);
  assert.deepEqual(next.names(), ["note.txt"]);
  assert.equal(next.outcome(left).status, "withdrawn");
  assert.deepEqual(next.events, [
    { type: "proposal_withdrawn", id: left, reason: "the sidecar that asked has ended" },
  ]);
});

Deno.test("dispose withdraws what waits, and nothing is queued afterwards", async () => {
  using at = scene();
  const answer = at.queue.ask(DRAFT, LONG);
  at.queue[Symbol.dispose]();
  assert.equal((await answer).status, "withdrawn");
  assert.equal((await at.queue.ask(DRAFT, LONG)).status, "refused");
  assert.deepEqual(at.names(), []);
});

Deno.test("ask() refuses when nothing can be written", async () => {
  using at = scene();
  Deno.removeSync(at.dir, { recursive: true });
  try {
    const { status, notes } = await at.queue.ask(DRAFT, LONG);
    assert.equal(status, "refused");
    assert.match(notes, /could not be queued/);
    assert.equal(at.queue.pending, 0);
    assert.deepEqual(at.events.map(({ type, status }) => [type, status]), [
      ["proposal_queued", undefined],
      ["proposal_answered", "refused"],
    ]);
  } finally {
    Deno.mkdirSync(at.dir);
  }
});

Deno.test("ask() refuses what no event says: neither the question nor the approval", async () => {
  const full = { now: true };
  using at = scene({
    record() {
      if (full.now) throw new Error("no space left");
    },
  });
  assert.equal((await at.queue.ask(DRAFT, LONG)).status, "refused");
  assert.deepEqual(at.names(), []);
  full.now = false;
  const answer = at.queue.ask(DRAFT, LONG);
  full.now = true;
  const { id } = at.proposals()[0]!;
  at.respond(id, { status: "approved", notes: "fine" });
  const { status, notes } = await answer;
  assert.equal(status, "refused");
  assert.match(notes, /could not be recorded/);
  assert.equal(at.outcome(id).status, "refused");
});

Deno.test("a draft larger than the host reads is refused", async () => {
  using at = scene();
  const answer = await at.queue.ask({ ...DRAFT, justification: "x".repeat(3 << 20) }, LONG);
  assert.equal(answer.status, "refused");
  assert.match(answer.notes, /larger than/);
});

Deno.test("processed/ keeps the newest, and state() tells what became of them", async () => {
  using at = scene({ keepProcessed: 3 });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const { id, answer } = submitted(at.queue.submit(DRAFT));
    assert.deepEqual(at.queue.state(id), { tool: DRAFT.tool });
    at.respond(id, { status: "rejected", notes: `no ${n}` });
    await answer;
    ids.push(id);
  }
  assert.deepEqual(
    [...new Set(at.names("processed").map((name) => name.split(".")[0]))].sort(),
    ids.slice(2).sort(),
  );
  assert.equal(at.queue.state(ids[0]!), undefined);
  assert.equal(at.queue.state(ids[4]!)?.answer?.notes, "no 4");
});

Deno.test("an operator's notes reach the event without control characters, and bounded", async () => {
  using at = scene();
  const { id, answer } = submitted(at.queue.submit(DRAFT));
  at.respond(id, { status: "rejected", notes: `\x1b[2J${"n".repeat(9000)}` });
  assert.equal((await answer).notes.length, 4096);
  const event = at.events.at(-1)!;
  assert.equal(event.type, "proposal_answered");
  assert.equal((event.notes as string).length, 500);
  assert.ok(!(event.notes as string).includes("\x1b"));
});
