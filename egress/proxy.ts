import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import net, { type Server, type Socket } from "node:net";
import type { CertifiedKey } from "../core/certificate.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { EventFields } from "../core/event.ts";
import type { Approvals } from "../core/proposal.ts";
import { type Authority, isHostProblem, parseAuthority } from "../core/host_name.ts";
import type { KnownSecret } from "../dlp/known/secret.ts";
import type { TokenLookup } from "./credentials.ts";
import { decideConnect } from "./decide.ts";
import { decisionEvent } from "./decision_event.ts";
import { DecisionLog } from "./decision_log.ts";
import { Deadlines } from "./deadlines.ts";
import { type Denial, denialBody, denialHeaders, deny, isDenial } from "./denial.ts";
import type { DialOptions } from "./dial.ts";
import { exchange } from "./exchange.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import { AnswerReader } from "./answer/answer_reader.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import { field, headerValue, headerValues } from "./header_list.ts";
import { ByteReader } from "./http1/byte_reader.ts";
import type { RequestHead } from "./http1/message_head.ts";
import {
  type ConnectionTimeouts,
  headRefusal,
  type RequestParts,
  type RequestPlan,
  serveHttp1,
} from "./http1/server_connection.ts";
import { introspect, INTROSPECTION_HOST } from "./introspection.ts";
import { ModelApiCheck } from "./model_api/model_api_check.ts";
import { BodyMemory } from "./outbound/body_memory.ts";
import { OutboundScreen } from "./outbound/screen.ts";
import { beginsAsTls, servePlainTunnel } from "./plain_tunnel.ts";
import type { EgressPolicy } from "./policy.ts";
import type { Route } from "./route_table.ts";
import { LeafStore } from "./tls/leaf_store.ts";
import { serveTunnel, type TunnelContext } from "./tunnel.ts";
import { UpstreamPool } from "./upstream_pool.ts";

/** Where the proxy listens: a unix socket in a bottle, TCP on loopback for `egress serve`. */
export type ListenAddress =
  | { readonly unix: string }
  | { readonly host: string; readonly port: number };

/** Everything the proxy touches. */
export interface EgressOptions {
  readonly listen: ListenAddress;
  readonly policy: EgressPolicy;
  readonly token: TokenLookup;
  readonly authority: CertifiedKey;
  readonly dial: DialOptions;
  readonly timeouts: ConnectionTimeouts;
  /** Appends one event; throws when it cannot be stored. */
  readonly record: (event: EventFields) => void;
  /** Values that must not leave, by whatever route. */
  readonly secrets?: readonly KnownSecret[];
  /** Asks the operator about what is held; without it that is refused. */
  readonly approvals?: Approvals;
  /** Milliseconds that a request is held for an answer; five minutes unless given. */
  readonly holdTime?: number;
  /** Script of the threads that look at large requests; without it they are looked at on this one. */
  readonly scanWorker?: URL;
  /** Whether the bottle has a supervise server, so that an agent can propose what it was refused. */
  readonly supervised?: boolean;
  /** Password that clients must send as `Proxy-Authorization: Basic bot-bottle:<password>`. */
  readonly password?: string;
  readonly clock?: Clock;
  /** Told of errors that are the proxy's own fault; the request they belong to was refused. */
  readonly onDefect?: (error: unknown) => void;
  /** Most client connections at once. */
  readonly maxConnections?: number;
}

/** Bytes that all request bodies together may hold while they are looked at. */
const BODY_MEMORY = 128 * 1024 * 1024;
/** And those of them that are read, looked at and sent, not held for a person. */
const MOVING_BODIES = 32 * 1024 * 1024;
/** Here a tunnel is TLS, whatever its route allows. */
const HTTPS_PORT = 443;
/** How long a request is held for an answer unless told otherwise, in milliseconds. */
const HOLD_TIME = 300_000;

/** How long requests that were cut off may take to say so in the log, in milliseconds. */
const RECORDING_TIME = 500;

/** The egress proxy of one bottle: the only way out. */
export class EgressProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: EgressOptions;
  readonly #clock: Clock;
  readonly #log: DecisionLog;
  readonly #pool: UpstreamPool;
  readonly #deadlines: Deadlines;
  readonly #tunnel: TunnelContext;
  readonly #exchange: ExchangeContext;
  readonly #screen: OutboundScreen;
  readonly #sockets = new Set<Socket>();
  readonly #drains = new Set<() => void>();
  #policy: EgressPolicy;
  #draining = false;
  #onEmpty: () => void = () => {};

  private constructor(options: EgressOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#policy = options.policy;
    this.#log = new DecisionLog(options.record);
    this.#deadlines = new Deadlines(() => this.#clock.monotonic());
    this.#pool = new UpstreamPool(options.dial, () => this.#clock.monotonic());
    this.#screen = new OutboundScreen({
      secrets: options.secrets ?? [],
      ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
      holdTime: options.holdTime ?? HOLD_TIME,
      clock: this.#clock,
      ...(options.scanWorker === undefined ? {} : { worker: options.scanWorker }),
    });
    this.#exchange = {
      policy: () => this.#policy,
      token: options.token,
      pool: this.#pool,
      screen: this.#screen,
      modelApis: new ModelApiCheck(),
      answers: new AnswerReader(),
      bodies: new BodyMemory(BODY_MEMORY, MOVING_BODIES),
      supervised: options.supervised ?? false,
      clock: this.#clock,
      deadlines: this.#deadlines,
      idle: options.timeouts.idle,
      log: this.#log,
      underWay: new Set(),
      onDefect: options.onDefect ?? (() => {}),
    };
    this.#tunnel = {
      exchange: this.#exchange,
      leaves: new LeafStore(options.authority, this.#clock),
      timeouts: options.timeouts,
      deadlines: this.#deadlines,
      draining: () => this.#draining,
      refused: (authority, denial) =>
        this.#recordRefusal(denial, authority.host.text, authority.port, "https"),
      drains: this.#drains,
      streams: { open: 0 },
    };
    this.#server = net.createServer(
      { noDelay: true, allowHalfOpen: true },
      (socket) => this.#accept(socket),
    );
  }

  /** Starts to listen. Rejects when the address is taken or cannot be used. */
  static async listen(options: EgressOptions): Promise<EgressProxy> {
    const proxy = new EgressProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      const listening = () => {
        proxy.#server.off("error", reject);
        resolve();
      };
      const { listen } = options;
      if ("unix" in listen) proxy.#server.listen(listen.unix, listening);
      else proxy.#server.listen(listen.port, listen.host, listening);
    });
    return proxy;
  }

  /** What is looked at before it leaves. */
  get screen(): OutboundScreen {
    return this.#screen;
  }

  /** The TCP port, or 0 on a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Replaces the policy in one step. Requests that are under way finish under the one they began with. */
  reload(policy: EgressPolicy): void {
    this.#policy = policy;
    this.#pool.clear();
  }

  /** Stops accepting, lets what is under way finish for at most `ms`, then closes everything, and records that too. */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    this.#server.close();
    for (const drain of this.#drains) drain();
    if (this.#sockets.size > 0) {
      await within(ms, new Promise<void>((resolve) => this.#onEmpty = resolve));
    }
    await this[Symbol.asyncDispose]();
    await within(RECORDING_TIME, Promise.allSettled(this.#exchange.underWay));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#pool[Symbol.dispose]();
    this.#screen[Symbol.dispose]();
    this.#deadlines[Symbol.dispose]();
    return Promise.resolve();
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= (this.#options.maxConnections ?? 1024)) return void socket.destroy();
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty();
    });
    const reader = new ByteReader(socket);
    const plan = (head: RequestHead, parts: RequestParts) =>
      this.#plan(socket, reader, head, parts);
    serveHttp1(
      socket,
      reader,
      this.#options.timeouts,
      this.#deadlines,
      () => this.#draining,
      plan,
      (denial) => {
        this.#recordRefusal(denial, "", 0, "proxy");
        return "";
      },
    ).catch(() => socket.destroy());
  }

  /** Decides what a request to the proxy itself is: a tunnel, plain http in absolute form, or neither. */
  #plan(socket: Socket, reader: ByteReader, head: RequestHead, parts: RequestParts): RequestPlan {
    if (!this.#authorized(head)) {
      return this.#refuse(head, deny("proxy_auth_required", "this proxy needs a password"), "");
    }
    if (head.method === "CONNECT") return this.#planConnect(socket, reader, head, parts);
    return this.#planPlain(head, parts);
  }

  #authorized({ headers }: RequestHead): boolean {
    const { password } = this.#options;
    if (password === undefined) return true;
    const expected = Buffer.from(
      `Basic ${Buffer.from(`bot-bottle:${password}`).toString("base64")}`,
    );
    const given = Buffer.from(headerValue(headers, "proxy-authorization") ?? "");
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #planConnect(
    socket: Socket,
    reader: ByteReader,
    head: RequestHead,
    parts: RequestParts,
  ): RequestPlan {
    const target = Buffer.from(head.target, "latin1").toString("utf8");
    const decision = decideConnect(this.#policy.table, target);
    if (isDenial(decision)) return this.#refuse(head, decision, target);
    if (headerValues(head.headers, "host").length > 1) {
      return this.#refuse(
        head,
        deny("malformed_request", "the request has more than one Host header"),
        target,
      );
    }
    if (!parts.body.done) {
      return this.#refuse(
        head,
        deny("malformed_request", "a CONNECT request has no body"),
        target,
      );
    }
    return {
      kind: "leave",
      run: () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        this.#openTunnel(socket, reader, decision).catch(() => socket.destroy());
      },
    };
  }

  /** TLS is ended in a tunnel; nothing else is carried, but plain http where the route allows that. */
  async #openTunnel(
    socket: Socket,
    reader: ByteReader,
    { authority, route }: { authority: Authority; route: Route },
  ): Promise<void> {
    const mayBePlain = route.insecureHttp && authority.port !== HTTPS_PORT;
    if (mayBePlain && !(await beginsAsTls(reader, socket, this.#deadlines))) {
      return await servePlainTunnel(this.#tunnel, socket, reader, authority);
    }
    await serveTunnel(this.#tunnel, socket, reader.release(), authority);
  }

  #planPlain(head: RequestHead, parts: RequestParts): RequestPlan {
    const split = splitAbsoluteForm(head.target);
    if (isDenial(split)) return this.#refuse(head, split, "");
    if (headerValues(head.headers, "host").length !== 1) {
      return this.#refuse(
        head,
        deny("malformed_request", "the request has no Host header, or more than one"),
        "",
      );
    }
    const { authority, target } = split;
    if (authority.host.text === INTROSPECTION_HOST) return this.#planIntrospection(head, target);
    const refusal = headRefusal(head);
    const request: InboundRequest = {
      scheme: "http",
      authority,
      method: head.method,
      target,
      headers: head.headers,
      ...parts,
      ...(refusal === undefined ? {} : { refusal }),
    };
    return { kind: "exchange", run: (answer) => exchange(this.#exchange, request, answer) };
  }

  #planIntrospection(head: RequestHead, target: string): RequestPlan {
    const body = introspect(this.#policy, head.method, target);
    if (body === undefined) {
      return this.#refuse(
        head,
        deny("request_not_allowed", "only /allowlist is answered here"),
        INTROSPECTION_HOST,
      );
    }
    return {
      kind: "reply",
      run: (answer) => send(answer, head, 200, [field("Content-Type", "application/json")], body),
    };
  }

  #refuse(head: RequestHead, denial: Denial, host: string): RequestPlan {
    const authority = parseAuthority(host, 443);
    const known = isHostProblem(authority) ? undefined : authority;
    this.#recordRefusal(
      denial,
      known?.host.text ?? host,
      known?.port ?? 0,
      head.method === "CONNECT" ? "https" : "http",
    );
    const headers = denialHeaders(denial);
    if (denial.code === "proxy_auth_required") {
      headers.push(field("Proxy-Authenticate", 'Basic realm="bot-bottle"'));
    }
    const name = known?.host.text ?? (host === "" ? undefined : host);
    const told = { ...denial, reason: this.#screen.mask(denial.reason) };
    const body = Buffer.from(
      denialBody(
        told,
        name === undefined ? undefined : this.#screen.mask(name),
        this.#options.supervised,
      ),
    );
    return { kind: "reply", run: (answer) => send(answer, head, denial.status, headers, body) };
  }

  #recordRefusal(denial: Denial, host: string, port: number, scheme: string): void {
    if (this.#policy.log === 0) return;
    const now = this.#clock.monotonic();
    const method = scheme === "https" ? "CONNECT" : "";
    this.#log.append(decisionEvent(
      { host, port, scheme, method, target: "" },
      denial,
      { started: now, bytesIn: 0, bytesOut: 0 },
      now,
      undefined,
      (text) => this.#screen.mask(this.#policy.maskSecrets(text)),
    ));
  }
}

/** Waits for `work`, but no longer than `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

async function send(
  answer: Answer,
  { method }: RequestHead,
  status: number,
  headers: readonly ReturnType<typeof field>[],
  body: Buffer,
): Promise<void> {
  answer.start(status, headers, method === "HEAD" ? 0 : body.length);
  if (method !== "HEAD") await answer.write(body);
  await answer.end();
}

/** Splits `http://authority/path?query` (RFC 9112 section 3.2.2) without a URL parser that would rewrite it. */
function splitAbsoluteForm(target: string): { authority: Authority; target: string } | Denial {
  const match = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target);
  if (match === null) {
    return deny(
      "malformed_request",
      "send CONNECT for https, or an http:// URL; nothing else is proxied",
    );
  }
  const authority = parseAuthority(match[1]!, 80);
  if (isHostProblem(authority)) {
    return deny(
      authority.problem === "malformed" ? "malformed_request" : "host_not_allowed",
      authority.reason,
    );
  }
  const rest = match[2]!;
  return { authority, target: rest.startsWith("/") ? rest : `/${rest}` };
}
