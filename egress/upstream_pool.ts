import type { Authority } from "../core/host_name.ts";
import { dial, type DialOptions } from "./dial.ts";
import type { Route } from "./route_table.ts";
import { UpstreamConnection } from "./upstream_connection.ts";

const MAX_IDLE_PER_UPSTREAM = 64;
const MAX_IDLE = 256;

/** How long a kept connection may have been idle, in milliseconds; common servers close theirs after 5 s or more. */
export const IdleTime = {
  /** For a request that can be sent again. */
  long: 4_000,
  /** For one that cannot: the chance that the upstream is closing it just now is small. */
  short: 1_000,
  /** A new connection. */
  none: 0,
} as const;

interface Idle {
  readonly connection: UpstreamConnection;
  readonly since: number;
}

/** Connections to upstreams, kept open between requests. */
export class UpstreamPool implements Disposable {
  readonly #options: DialOptions;
  readonly #now: () => number;
  readonly #idle = new Map<string, Idle[]>();
  #generation = 0;
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(options: DialOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#sweeper = setInterval(() => this.#sweep(), 1_000);
    Deno.unrefTimer(this.#sweeper as unknown as number);
  }

  /**
   * A connection to the upstream of `authority`, kept or new.
   *
   * @param maxIdle see {@linkcode IdleTime}.
   * @param generation the pool's, read together with the policy that `route` comes from: what is dialled under a
   * policy that was replaced meanwhile must not be kept for requests under the new one.
   * @throws DialError
   */
  async acquire(
    authority: Authority,
    route: Route,
    secure: boolean,
    maxIdle: number,
    generation: number,
  ): Promise<UpstreamConnection> {
    const kept = maxIdle === IdleTime.none
      ? undefined
      : this.#takeIdle(keyOf(authority, secure), maxIdle);
    if (kept !== undefined) return kept;
    return new UpstreamConnection(await dial(this.#options, authority, route, secure), generation);
  }

  /** Counts the policies so far. */
  get generation(): number {
    return this.#generation;
  }

  #takeIdle(key: string, maxIdle: number): UpstreamConnection | undefined {
    const list = this.#idle.get(key);
    for (let item = list?.pop(); item !== undefined; item = list?.pop()) {
      if (item.connection.reusable && this.#now() - item.since < maxIdle) {
        return item.connection;
      }
      item.connection.destroy();
    }
    return undefined;
  }

  /** Takes a connection back; one that cannot be used again is closed. */
  release(connection: UpstreamConnection, authority: Authority, secure: boolean): void {
    const key = keyOf(authority, secure);
    const list = this.#idle.get(key) ?? [];
    const outdated = connection.generation !== this.#generation;
    if (
      outdated || !connection.reusable || list.length >= MAX_IDLE_PER_UPSTREAM ||
      this.#idleCount() >= MAX_IDLE
    ) {
      connection.destroy();
      return;
    }
    list.push({ connection, since: this.#now() });
    this.#idle.set(key, list);
  }

  #idleCount(): number {
    let count = 0;
    for (const { length } of this.#idle.values()) count += length;
    return count;
  }

  #sweep(): void {
    for (const [key, list] of this.#idle) {
      const kept = list.filter(({ connection, since }) => {
        if (connection.reusable && this.#now() - since < IdleTime.long) return true;
        connection.destroy();
        return false;
      });
      if (kept.length === 0) this.#idle.delete(key);
      else this.#idle.set(key, kept);
    }
  }

  /** Closes every idle connection, and the others once they come back: a new policy may not allow the addresses they lead to. */
  clear(): void {
    this.#generation++;
    for (const list of this.#idle.values()) for (const { connection } of list) connection.destroy();
    this.#idle.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeper);
    this.clear();
  }
}

function keyOf({ host, port }: Authority, secure: boolean): string {
  return `${secure ? "tls" : "tcp"} ${host.text} ${port}`;
}
