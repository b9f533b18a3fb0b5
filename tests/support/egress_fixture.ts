import type { Socket } from "node:net";
import net from "node:net";
import type { Clock } from "../../core/clock.ts";
import type { EventFields } from "../../core/event.ts";
import { type RouteDocument, routeSchema } from "../../core/route.ts";
import type { Approvals } from "../../core/proposal.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import { createPolicy } from "../../egress/policy.ts";
import { EgressProxy } from "../../egress/proxy.ts";
import { connectRaw, openTunnel, type RawClient } from "./raw_client.ts";
import type { RecordingUpstream } from "./recording_upstream.ts";
import { TestAuthority } from "./test_authority.ts";

/** What a proxy in a test is given; everything has a default. */
export interface FixtureOptions {
  /** Routes as they stand in `routes.yaml`. */
  readonly routes: readonly unknown[];
  readonly upstreams?: readonly RecordingUpstream[];
  /** Authority that the upstreams' certificates come from. */
  readonly roots?: TestAuthority;
  readonly tokens?: Readonly<Record<string, string>>;
  /** Addresses of a name; each upstream's own public address unless given. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly record?: (event: EventFields) => void;
  readonly timeouts?: { readonly headers?: number; readonly idle?: number; readonly dial?: number };
  readonly secrets?: readonly KnownSecret[];
  readonly approvals?: Approvals;
  /** Milliseconds. */
  readonly holdTime?: number;
  /** Whether large requests are looked at on another thread, as in a sidecar. */
  readonly threads?: boolean;
  readonly log?: 0 | 1 | 2;
  readonly password?: string;
  readonly clock?: Clock;
  readonly fixedAddresses?: ReadonlyMap<string, string>;
  readonly upstreamProxy?: URL;
}

const SCAN_WORKER = new URL("../../egress/outbound/scan_worker.ts", import.meta.url);

/**
 * A proxy on a port of its own, with its events. Upstreams seem to have public addresses, so that every check of
 * an address is made; only the last step, TCP, leads to the local port instead.
 */
export class EgressFixture implements AsyncDisposable {
  readonly events: EventFields[] = [];
  /** Names that were looked up. */
  readonly lookups: string[] = [];
  /** Addresses that were dialled, with their port. */
  readonly dials: string[] = [];
  /** Authority of the bottle. */
  readonly authority = new TestAuthority();
  readonly #options: FixtureOptions;
  readonly #addresses = new Map<string, string>();
  #proxy: EgressProxy | undefined;

  private constructor(options: FixtureOptions) {
    this.#options = options;
    for (const { host } of options.upstreams ?? []) {
      if (this.addressOf(host) !== undefined) continue;
      this.#addresses.set(`93.184.216.${this.#addresses.size + 1}`, host);
    }
  }

  static async start(options: FixtureOptions): Promise<EgressFixture> {
    const fixture = new EgressFixture(options);
    await fixture.#listen();
    return fixture;
  }

  get proxy(): EgressProxy {
    return this.#proxy!;
  }

  get port(): number {
    return this.proxy.port;
  }

  /** The root that clients in the bottle trust, PEM. */
  get trust(): string {
    return this.authority.pem;
  }

  /** The public address that an upstream seems to have. */
  addressOf(host: string): string | undefined {
    for (const [address, name] of this.#addresses) if (name === host) return address;
    return undefined;
  }

  /** A TLS tunnel to `authority`. */
  tunnel(authority: string, alpn?: readonly string[]): Promise<RawClient> {
    return openTunnel(this.port, authority, {
      trust: this.trust,
      ...(alpn === undefined ? {} : { alpn }),
    });
  }

  /** A connection to the proxy itself. */
  client(): Promise<RawClient> {
    return connectRaw(this.port);
  }

  reload(routes: readonly unknown[]): void {
    this.proxy.reload(createPolicy(documents(routes), this.#options.log ?? 2, this.#token));
  }

  readonly #token = (name: string): string | undefined => this.#options.tokens?.[name];

  async #listen(): Promise<void> {
    const options = this.#options;
    this.#proxy = await EgressProxy.listen({
      listen: { host: "127.0.0.1", port: 0 },
      policy: createPolicy(documents(options.routes), options.log ?? 2, this.#token),
      token: this.#token,
      authority: this.authority.certified,
      dial: {
        resolve: (name) => {
          this.lookups.push(name);
          return options.resolve?.(name) ?? Promise.resolve(this.#publicAddress(name));
        },
        fixedAddresses: options.fixedAddresses ?? new Map(),
        connect: (address, port) => this.#connect(address, port),
        timeout: options.timeouts?.dial ?? 5_000,
        ...(options.roots === undefined ? {} : { trust: [options.roots.pem] }),
        ...(options.upstreamProxy === undefined ? {} : { upstreamProxy: options.upstreamProxy }),
      },
      timeouts: {
        headers: options.timeouts?.headers ?? 5_000,
        idle: options.timeouts?.idle ?? 30_000,
      },
      record: (event) => {
        options.record?.(event);
        this.events.push(event);
      },
      ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
      ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
      ...(options.threads === true ? { scanWorker: SCAN_WORKER } : {}),
      ...(options.holdTime === undefined ? {} : { holdTime: options.holdTime }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
  }

  #publicAddress(name: string): readonly string[] {
    const address = this.addressOf(name);
    return address === undefined ? [] : [address];
  }

  #connect(address: string, port: number): Socket {
    this.dials.push(`${address}:${port}`);
    if (this.#options.upstreamProxy !== undefined) return net.connect({ host: address, port });
    const named = (this.#options.upstreams ?? [])
      .filter(({ host }) => host === this.#addresses.get(address));
    const upstream = named.find(({ secure }) => secure === (port !== 80)) ?? named[0];
    // Port 9 of loopback is closed: an address that no upstream has refuses connections.
    return net.connect({ host: "127.0.0.1", port: upstream?.port ?? 9, noDelay: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
  }
}

function documents(routes: readonly unknown[]): RouteDocument[] {
  return routes.map((route) => routeSchema.parse(route));
}
