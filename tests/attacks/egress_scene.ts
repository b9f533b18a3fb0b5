import assert from "node:assert/strict";
import { EgressFixture, type FixtureOptions } from "../support/egress_fixture.ts";
import type { HttpAnswer } from "../support/http_answer.ts";
import { TunnelRefused } from "../support/raw_client.ts";
import { RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

/** The host that is allowed, and whose route adds a credential. */
export const ALLOWED = "api.example.com";
/** The attacker's host: it has an address and a valid certificate, but no route. */
export const ATTACKER = "attacker.example.org";
/** Reference of the credential. */
export const TOKEN_REF = "EGRESS_TOKEN_0";

/** What differs from one attack to another. */
export interface SceneOptions extends Partial<FixtureOptions> {
  readonly respond?: Respond;
}

/** An allowed host with a credential, an attacker's host, and the proxy between them and a client. */
export class Scene implements AsyncDisposable {
  readonly roots = new TestAuthority();
  /** The credential; made anew for each scene. */
  readonly token = `real-${crypto.randomUUID()}`;
  readonly allowed: RecordingUpstream;
  readonly attacker: RecordingUpstream;
  readonly #plain: RecordingUpstream;
  #egress: EgressFixture | undefined;

  private constructor(respond: Respond | undefined) {
    this.allowed = RecordingUpstream.tls(this.roots, ALLOWED, respond);
    this.attacker = RecordingUpstream.tls(this.roots, ATTACKER, respond);
    this.#plain = RecordingUpstream.plain(ALLOWED, respond);
  }

  static async start(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(options.respond);
    scene.#egress = await EgressFixture.start({
      routes: [scene.route()],
      upstreams: [scene.allowed, scene.attacker, scene.#plain],
      roots: scene.roots,
      tokens: { [TOKEN_REF]: scene.token },
      ...options,
    });
    return scene;
  }

  /** The route of the allowed host, with more keys. */
  route(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { host: ALLOWED, auth: { scheme: "Bearer", token_ref: TOKEN_REF }, ...more };
  }

  get egress(): EgressFixture {
    return this.#egress!;
  }

  /** What plain http to the allowed host received. */
  get plain(): RecordingUpstream {
    return this.#plain;
  }

  /** Opens a tunnel to the allowed host, on the port of https. */
  tunnel(alpn?: readonly string[]) {
    return this.egress.tunnel(`${ALLOWED}:443`, alpn);
  }

  /** Sends CONNECT; its answer, or the 200 that opened a tunnel. */
  async connect(authority: string): Promise<HttpAnswer | null> {
    using client = await this.egress.client();
    return await client.ask(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  }

  /**
   * The attack failed: refused with one of `codes`, recorded as such, and nothing was looked up, dialled or sent.
   */
  assertRefused(answer: HttpAnswer | null, ...codes: string[]): void {
    this.assertDenied(answer, ...codes);
    assert.deepEqual(this.egress.lookups, [], "a name was looked up");
    assert.deepEqual(this.egress.dials, [], "an address was dialled");
    this.assertNothingSent();
  }

  /** The last request was refused with one of `codes`, and the log says so. */
  assertDenied(answer: HttpAnswer | null, ...codes: string[]): void {
    const code = answer?.headers.get("x-bot-bottle-denied");
    assert.ok(
      code !== undefined && codes.includes(code),
      `expected ${codes.join(" or ")}, got ${answer?.head ?? "no answer"}`,
    );
    const event = this.egress.events.at(-1);
    assert.equal(event?.verdict, "deny");
    assert.equal(event.code, code);
    assert.ok(String(event.reason).length > 0);
  }

  assertNothingSent(): void {
    for (const { host, bytes } of [this.allowed, this.attacker, this.#plain]) {
      assert.equal(bytes, 0, `bytes reached ${host}`);
    }
  }

  /** The credential is in nothing that an answer, an event or the attacker got. */
  assertTokenKept(...answers: (HttpAnswer | null)[]): void {
    const seen = [
      ...answers.map((answer) => `${answer?.head}${answer?.body.toString("latin1")}`),
      JSON.stringify(this.egress.events),
      ...[...this.attacker.requests, ...this.#plain.requests].map(({ head, body }) => head + body),
    ];
    for (const text of seen) assert.ok(!text.includes(this.token), "the credential got out");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#egress?.[Symbol.asyncDispose]();
    for (const upstream of [this.allowed, this.attacker, this.#plain]) {
      await upstream[Symbol.asyncDispose]();
    }
  }
}

/** The answer to a tunnel that was not opened. */
export async function refusal(opening: Promise<unknown>): Promise<HttpAnswer | null> {
  const error = await opening.then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof TunnelRefused, "the tunnel was opened");
  return error.answer;
}

/** A GET for the allowed host. */
export function get(path: string, fields: readonly string[] = [], host = ALLOWED): string {
  return [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...fields, "\r\n"].join("\r\n");
}

/** A POST for the allowed host with exactly these framing fields and bytes. */
export function post(path: string, fields: readonly string[], body: string): string {
  return [`POST ${path} HTTP/1.1`, `Host: ${ALLOWED}`, ...fields, "", body].join("\r\n");
}
