import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { systemClock } from "../../core/clock.ts";
import type { Json } from "../../core/event.ts";
import { answerProposal, undoLastChange } from "../../supervise/answer.ts";
import type { Decision } from "../../supervise/decide.ts";
import { deskRecorder } from "../../supervise/desk_events.ts";
import { listPending } from "../../supervise/pending.ts";
import { SidecarProcess } from "../fault/sidecar_process.ts";
import { plainAnswer, RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { callOverSocket, eventually } from "./scene.ts";

const roots = new TestAuthority();

/** A sidecar in a process of its own with a supervise server, and the desk of its bottle. */
async function openSidecar(upstream: RecordingUpstream, routes: readonly Json[]) {
  await using made = new AsyncDisposableStack();
  const sidecar = made.use(new SidecarProcess(roots.pem));
  const state = Deno.makeTempDirSync({ prefix: "desk-" });
  made.defer(() => Deno.removeSync(state, { recursive: true }));
  const socket = join(sidecar.dir, "mcp.sock");
  sidecar.configure(routes, [upstream.host]);
  const file = join(sidecar.dir, "config/sidecar.json");
  const config = JSON.parse(Deno.readTextFileSync(file));
  config.listeners.supervise = { unix: socket };
  Deno.writeTextFileSync(file, JSON.stringify(config));
  await sidecar.start();
  const bottle = { slug: "fault", state, contract: sidecar.dir };
  const context = { clock: systemClock, record: deskRecorder(bottle, systemClock) };
  const owned = made.move();
  return {
    sidecar,
    propose: (proposed: readonly Json[]) =>
      callOverSocket(socket, "egress-allow", {
        routes_yaml: JSON.stringify({ routes: proposed }),
        justification: "the build needs it",
      }),
    /** Answers what waits, as a desk does. */
    async decide(status: Decision["status"], rest: Partial<Decision> = {}) {
      const { proposal, hash, liveHash } = await eventually(
        () => listPending([bottle]).proposals[0],
        "a proposal",
      );
      await answerProposal(bottle, proposal.id, {
        status,
        notes: "",
        shown: { proposal: hash, live: liveHash },
        ...rest,
      }, context);
    },
    undo: () => undoLastChange(bottle, context),
    /** The status of one request to the upstream: 403 where the tunnel is refused, or the request in it. */
    async request(): Promise<number> {
      let client;
      try {
        client = await sidecar.tunnel(upstream);
      } catch (error) {
        assert.match(String(error), /403/);
        return 403;
      }
      using _client = client;
      const answer = await client.ask(
        `GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`,
      );
      return answer?.status ?? 0;
    },
    async becomes(status: number) {
      const start = performance.now();
      while (await this.request() !== status) {
        assert.ok(performance.now() - start < 20_000, `${status} within 20 s`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("a denied request passes once its route was approved, without a restart, and is denied when that is undone", async () => {
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  await using at = await openSidecar(upstream, [{ host: "other.example.org" }]);
  const pid = at.sidecar.pid;
  assert.equal(await at.request(), 403);
  const route = SidecarProcess.route(upstream) as { readonly [key: string]: Json };
  const approved = at.propose([{ ...route, ttl: "1h" }]);
  await at.decide("approved", { notes: "for the build" });
  assert.match(await approved, /approved[\s\S]*in effect now[\s\S]*for the build/);
  await at.becomes(200);
  await at.undo();
  await at.becomes(403);
  const rejected = at.propose([{ ...route, ttl: "2h" }]);
  await at.decide("rejected", { notes: "use the mirror" });
  assert.match(await rejected, /rejected[\s\S]*use the mirror/);
  assert.equal(await at.request(), 403);
  const modified = at.propose([{ ...route, ttl: "3h" }]);
  const narrowed = [{ ...route, matches: [{ methods: ["GET"], paths: [{ value: "/" }] }] }];
  await at.decide("modified", { finalFile: JSON.stringify({ routes: narrowed }) });
  assert.match(await modified, /with changes/);
  await at.becomes(200);
  assert.equal(at.sidecar.pid, pid);
  const types = at.sidecar.events().map(({ type }) => type);
  for (const type of ["supervise_started", "proposal_queued", "proposal_answered"]) {
    assert.ok(types.includes(type), type);
  }
  assert.ok(!types.includes("config_refused"));
});

Deno.test("a route is denied from the instant on at which it ends, with nobody there to remove it", async () => {
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  const route = SidecarProcess.route(upstream) as { readonly [key: string]: Json };
  await using at = await openSidecar(upstream, [route]);
  assert.equal(await at.request(), 200);
  const expires = new Date(Date.now() + 1_500).toISOString();
  at.sidecar.configure([{ ...route, expires }], [upstream.host]);
  await at.becomes(403);
  assert.ok(Date.now() >= Date.parse(expires));
  const live = Deno.readTextFileSync(join(at.sidecar.dir, "config/routes.yaml"));
  assert.ok(live.includes(expires));
});
