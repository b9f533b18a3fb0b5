import assert from "node:assert/strict";
import { verifyEventLog } from "../../sys/event_log_files.ts";
import { plainAnswer, RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { SidecarProcess } from "./sidecar_process.ts";

const roots = new TestAuthority();

/** A moment in the life of a request, and what the upstream does so that it lasts. */
interface Moment {
  readonly name: string;
  readonly request: string;
  readonly respond: Respond;
  /** Whether the upstream has seen what it has to see by now. */
  readonly reached: (upstream: RecordingUpstream) => boolean;
}

/** Says nothing more until the other side is gone. */
const silence: Respond = async (_request, peer) => {
  await peer.source.rest(30_000).catch(() => {});
  return "close";
};

const MOMENTS: readonly Moment[] = [
  {
    name: "while the request body is coming in",
    request: "POST /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 400000\r\n\r\n" +
      "x".repeat(300_000),
    respond: () => undefined,
    reached: ({ bytes }) => bytes > 200_000,
  },
  {
    name: "while the upstream thinks",
    request: "GET /b HTTP/1.1\r\nHost: HOST\r\n\r\n",
    respond: silence,
    reached: ({ requests }) => requests.length === 1,
  },
  {
    name: "in the middle of the answer",
    request: "GET /c HTTP/1.1\r\nHost: HOST\r\n\r\n",
    respond: async (request, peer) => {
      await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning");
      return await silence(request, peer);
    },
    reached: ({ requests }) => requests.length === 1,
  },
];

for (const moment of MOMENTS) {
  Deno.test({
    name:
      `the sidecar killed with SIGKILL ${moment.name}: the caller gets an error, the event log verifies`,
    // The upstream's answer never ends by design; what it holds goes with its connection.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using upstream = RecordingUpstream.tls(roots, "api.example.com", moment.respond);
      await using sidecar = new SidecarProcess(roots.pem);
      // With detectors nothing of a body leaves before all of it has come.
      const dlp = { outbound_detectors: false };
      sidecar.configure([SidecarProcess.route(upstream, { dlp })], [upstream.host]);
      await sidecar.start();
      using client = await sidecar.tunnel(upstream);
      const sending = client.send(
        moment.request.replace("HOST", `${upstream.host}:${upstream.port}`),
      );
      const sent = sending.catch(() => {});
      await until(() => moment.reached(upstream));
      sidecar.kill("SIGKILL");
      const got = await client.source.rest(2_000).catch(() => new Uint8Array());
      assert.ok(got.length < 1_000, "the answer is not complete");
      await assert.rejects(() => sidecar.tunnel(upstream), "nothing listens any more");
      assert.equal(verifyEventLog(sidecar.eventLog).ok, true);
      await sent;
    },
  });
}

Deno.test("a sidecar started again after SIGKILL goes on with the same chain", async () => {
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  await using sidecar = new SidecarProcess(roots.pem);
  sidecar.configure([SidecarProcess.route(upstream)], [upstream.host]);
  for (let round = 1; round <= 2; round++) {
    await sidecar.start();
    using client = await sidecar.tunnel(upstream);
    const answer = await client.ask(
      `GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`,
    );
    assert.equal(answer?.status, 200);
    sidecar.kill("SIGKILL");
    await sidecar.ended();
    const verdict = verifyEventLog(sidecar.eventLog);
    assert.deepEqual(
      [verdict.ok, verdict.events],
      [true, round * 2],
      "started, and one decision, each round",
    );
  }
});

Deno.test("end of file on stdin: the sidecar closes its listener and is gone within a second", async () => {
  await using sidecar = new SidecarProcess(roots.pem);
  sidecar.configure([]);
  await sidecar.start();
  const before = performance.now();
  await sidecar.closeStdin();
  assert.equal((await sidecar.ended()).code, 0);
  assert.ok(performance.now() - before < 1_000);
  assert.equal(sidecar.events().at(-1)?.type, "sidecar_ended");
});

Deno.test("SIGTERM lets a request under way finish, takes no new one, then ends with 0", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", async () => {
    await held;
    return plainAnswer("late but whole");
  });
  await using sidecar = new SidecarProcess(roots.pem);
  sidecar.configure([SidecarProcess.route(upstream)], [upstream.host]);
  await sidecar.start();
  using client = await sidecar.tunnel(upstream);
  const answer = client.ask(`GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`);
  await until(() => upstream.requests.length === 1);
  sidecar.kill("SIGTERM");
  await until(() =>
    sidecar.tunnel(upstream).then((open) => (open[Symbol.dispose](), false), () => true)
  );
  release();
  assert.equal((await answer)?.body.toString(), "late but whole");
  assert.equal((await sidecar.ended()).code, 0);
});

async function until(done: () => boolean | Promise<boolean>, ms = 5_000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not come to that in time");
}
