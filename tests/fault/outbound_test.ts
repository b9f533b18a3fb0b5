import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { proposalSchema } from "../../core/proposal.ts";
import type { RawClient } from "../support/raw_client.ts";
import { plainAnswer, RecordingUpstream } from "../support/recording_upstream.ts";
import { sampleSecret, sampleToken } from "../support/sample_token.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { SidecarProcess } from "./sidecar_process.ts";

const roots = new TestAuthority();
const MIB = 1024 * 1024;

/** A sidecar in its own permission set, with every kind of value that it must keep. */
class Guarded implements AsyncDisposable {
  readonly values = {
    EGRESS_TOKEN_0: sampleSecret(),
    BOT_BOTTLE_CANARY: sampleSecret(40),
    BOT_BOTTLE_SENSITIVE_SHOP_KEY: sampleSecret(),
  };
  readonly upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  readonly sidecar = new SidecarProcess(roots.pem, {
    ...this.values,
    BOT_BOTTLE_SENSITIVE_PIN: "4711",
    BOT_BOTTLE_LOG_LEVEL: "debug",
  });

  async start(dlp: Record<string, string> = {}): Promise<void> {
    this.sidecar.configure([SidecarProcess.route(this.upstream, { dlp })], [this.upstream.host]);
    await this.sidecar.start();
  }

  get host(): string {
    return `${this.upstream.host}:${this.upstream.port}`;
  }

  tunnel(): Promise<RawClient> {
    return this.sidecar.tunnel(this.upstream);
  }

  post(body: string): string {
    return `POST /v1 HTTP/1.1\r\nHost: ${this.host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  }

  /** The proposal that waits in the queue. */
  async proposal() {
    const folder = join(this.sidecar.dir, "queue");
    for (let look = 0; look < 500; look++) {
      for (const { name } of Deno.readDirSync(folder)) {
        if (!name.endsWith(".proposal.json")) continue;
        return proposalSchema.parse(JSON.parse(Deno.readTextFileSync(join(folder, name))));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error("nothing is proposed");
  }

  /** Writes a response as a person does. */
  respond(id: string, status: string, notes: string): void {
    Deno.writeTextFileSync(
      join(this.sidecar.dir, "queue", `${id}.response.json`),
      JSON.stringify({ proposal_id: id, status, notes, final_file: null }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sidecar[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
  }
}

Deno.test("a response written by hand releases a held request, and the value passes from then on", async () => {
  await using guarded = new Guarded();
  await guarded.start();
  using client = await guarded.tunnel();
  const request = guarded.post(
    JSON.stringify({ key: guarded.values.BOT_BOTTLE_SENSITIVE_SHOP_KEY }),
  );
  const answer = client.ask(request, 60_000);
  const { id, tool, details } = await guarded.proposal();
  assert.equal(tool, "egress-token-allow");
  assert.equal(details.rule, "SHOP_KEY");
  assert.equal(guarded.upstream.bytes, 0);
  guarded.respond(id, "approved", "a key of the test shop");
  assert.equal((await answer)?.status, 200);
  assert.equal((await client.ask(request, 60_000))?.status, 200);
  assert.equal(guarded.upstream.requests.length, 2);
});

Deno.test("a large request is looked at on another thread, in the sidecar's permission set", async () => {
  await using guarded = new Guarded();
  await guarded.start({ outbound_on_match: "block" });
  using client = await guarded.tunnel();
  const filler = JSON.stringify({ text: "words and more words ".repeat(MIB / 20) });
  const leaking = guarded.post(filler + btoa(guarded.values.EGRESS_TOKEN_0));
  const refused = await client.ask(leaking, 60_000);
  assert.equal(refused?.headers.get("x-bot-bottle-denied"), "detected");
  assert.equal(guarded.upstream.bytes, 0);
  assert.equal((await client.ask(guarded.post(filler), 60_000))?.status, 200);
  assert.equal(guarded.upstream.onlyRequest.body.length, filler.length);
});

Deno.test("nothing that a run writes tells a value: events, queue, stderr at debug, answers", async () => {
  await using guarded = new Guarded();
  await guarded.start();
  const token = sampleToken();
  const secrets = [...Object.values(guarded.values), token];
  const answers: string[] = [];
  for (const secret of secrets) {
    const places = [
      `GET /${secret}/x?q=${secret} HTTP/1.1\r\nHost: ${guarded.host}\r\nX-A: ${secret}\r\n\r\n`,
      guarded.post(
        `${secret} ${btoa(secret)} ${secret} and ${Buffer.from(secret).toString("hex")}`,
      ),
    ];
    for (const request of places) {
      using client = await guarded.tunnel();
      const asked = client.ask(request, 60_000);
      if (secret !== guarded.values.BOT_BOTTLE_CANARY) {
        const { id } = await guarded.proposal();
        guarded.respond(id, "rejected", "no");
      }
      const answer = await asked;
      assert.equal(answer?.status, 403);
      answers.push(answer.head, String(answer.body));
    }
    const refused = `https://${secret}.example.org:443`.slice(8);
    await guarded.sidecar.tunnel({ ...guarded.upstream, host: refused } as RecordingUpstream)
      .then((open) => open[Symbol.dispose](), (error) => answers.push(String(error.answer?.body)));
  }
  guarded.sidecar.kill("SIGTERM");
  await guarded.sidecar.ended();
  const said = await guarded.sidecar.said();
  const written = [said, ...answers];
  for (const folder of ["events", "queue", "queue/processed"]) {
    for (const entry of Deno.readDirSync(join(guarded.sidecar.dir, folder))) {
      if (entry.isFile) {
        written.push(Deno.readTextFileSync(join(guarded.sidecar.dir, folder, entry.name)));
      }
    }
  }
  assert.ok(written.length > 15, "too little was looked at");
  for (const secret of secrets) {
    const hex = Buffer.from(secret).toString("hex");
    for (
      const form of [
        secret,
        secret.toLowerCase(),
        btoa(secret),
        hex,
        [...secret].reverse().join(""),
      ]
    ) {
      for (const text of written) {
        assert.ok(!text.includes(form.slice(2, 16)), `a value was written: ${text.slice(0, 400)}`);
      }
    }
  }
  const weak = guarded.sidecar.events().find(({ type }) => type === "secrets_weak");
  assert.deepEqual(weak?.names, ["PIN"]);
});
