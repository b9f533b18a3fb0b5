import { EgressFixture, type FixtureOptions } from "../support/egress_fixture.ts";
import { RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { POLICY_HOSTS, POLICY_ROUTES } from "./policy.ts";

/** A proxy under the policy of `bypass.jsonl`, with an upstream for every host that the policy names. */
export class PolicyFixture implements AsyncDisposable {
  readonly roots = new TestAuthority();
  readonly upstreams: readonly RecordingUpstream[];
  #egress: EgressFixture | undefined;

  private constructor(respond: Respond | undefined) {
    this.upstreams = [
      ...POLICY_HOSTS.map((host) => RecordingUpstream.tls(this.roots, host, respond)),
      RecordingUpstream.plain("example.com", respond),
    ];
  }

  static async start(
    options: Partial<FixtureOptions> & { readonly respond?: Respond } = {},
  ): Promise<PolicyFixture> {
    const fixture = new PolicyFixture(options.respond);
    fixture.#egress = await EgressFixture.start({
      routes: POLICY_ROUTES,
      upstreams: fixture.upstreams,
      roots: fixture.roots,
      ...options,
    });
    return fixture;
  }

  get egress(): EgressFixture {
    return this.#egress!;
  }

  /** The upstream of `host`. */
  upstream(host: string, secure = true): RecordingUpstream {
    return this.upstreams.find((one) => one.host === host && one.secure === secure)!;
  }

  /** Bytes that reached any upstream. */
  get bytes(): number {
    return this.upstreams.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get requests() {
    return this.upstreams.flatMap(({ requests }) => requests);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#egress?.[Symbol.asyncDispose]();
    for (const upstream of this.upstreams) await upstream[Symbol.asyncDispose]();
  }
}
