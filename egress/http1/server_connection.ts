import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { type Denial, denialBody, denialHeaders, deny } from "../denial.ts";
import type { Answer, InboundRequest } from "../inbound.ts";
import { field, type HeaderList, headerValue, headerValues, listMembers } from "../header_list.ts";
import { handshakeProblem, isWebSocketHandshake } from "../websocket.ts";
import { FramedBody } from "./body.ts";
import { type ByteReader, ConnectionLost } from "./byte_reader.ts";
import { write } from "./byte_writer.ts";
import { encodeChunk, LAST_CHUNK } from "./chunked.ts";
import { requestFraming } from "./framing.ts";
import { formatHead, parseRequestHead, type RequestHead } from "./message_head.ts";
import { statusText } from "./status_text.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

/** Limits of one client connection, in milliseconds. */
export interface ConnectionTimeouts {
  /** From the first byte of a head to its end. */
  readonly headers: number;
  /** Without a byte in either direction. */
  readonly idle: number;
}

/** What a connection does with a head it has parsed. */
export type HeadHandler = (head: RequestHead, parts: RequestParts) => RequestPlan;

/** The parts of a request that the connection itself provides. */
export type RequestParts = Pick<
  InboundRequest,
  "body" | "expectContinue" | "webSocket" | "takeOver" | "onLastByte"
>;

/** Where a request goes: on to an exchange, to an answer, or out of HTTP (a CONNECT that was accepted). */
export type RequestPlan =
  | { readonly kind: "exchange"; readonly run: (answer: Answer) => Promise<void> }
  /** The proxy answers by itself; unlike an exchange this has no time limit of its own. */
  | { readonly kind: "reply"; readonly run: (answer: Answer) => Promise<void> }
  | { readonly kind: "leave"; readonly run: () => void };

const SMALL_REST = 64 * 1024;
/** How long what still comes is read and dropped after the last answer, in milliseconds: a reset would eat it. */
const LINGER = 1_000;

/**
 * Serves requests on one connection, one after the other, until it ends or cannot be understood any more.
 *
 * @param onSyntaxError told of what could not be parsed, before the connection is closed.
 */
export async function serveHttp1(
  socket: Socket,
  reader: ByteReader,
  timeouts: ConnectionTimeouts,
  deadlines: Deadlines,
  draining: () => boolean,
  plan: HeadHandler,
  onSyntaxError: (denial: Denial) => string,
): Promise<void> {
  const deadline: Deadline = { at: deadlines.after(timeouts.idle), expire: () => socket.destroy() };
  deadlines.watch(deadline);
  socket.once("close", () => deadlines.forget(deadline));
  let onLastByte = () => {};
  socket.once("end", () => onLastByte());
  // A client may neither read the end nor close its own side: it gets this long for either.
  const end = () => {
    deadline.at = deadlines.after(timeouts.idle);
    deadlines.watch(deadline);
    socket.end(() => deadline.at = deadlines.after(LINGER));
  };
  try {
    for (;;) {
      deadline.at = deadlines.after(timeouts.idle);
      const text = await reader.readHead(() => deadline.at = deadlines.after(timeouts.headers));
      if (text === null) break;
      const head = parseRequestHead(text);
      const body = new FramedBody(reader, requestFraming(head));
      const answer = new Http1Answer(socket, head, () => !draining());
      let left = false;
      const webSocket = isWebSocketHandshake(head.method, head.minor, head.headers);
      const next = plan(head, {
        body,
        webSocket,
        expectContinue: expectsContinue(head),
        onLastByte: (listener) => {
          if (reader.ended) listener();
          else onLastByte = listener;
        },
        takeOver: () => {
          left = true;
          deadlines.forget(deadline);
          return { socket, reader };
        },
      });
      if (next.kind === "leave") {
        deadlines.forget(deadline);
        next.run();
        return;
      }
      deadline.at = next.kind === "reply" ? deadlines.after(timeouts.idle) : Infinity;
      await next.run(answer);
      if (left) return;
      if (!answer.keepAlive || socket.destroyed) break;
      deadline.at = deadlines.after(timeouts.headers);
      if (!body.done && !await discard(body)) break;
    }
    end();
  } catch (error) {
    if (error instanceof HttpSyntaxError) {
      refuseConnection(socket, deny(error.code, error.message), onSyntaxError);
      end();
    } else if (error instanceof ConnectionLost) {
      socket.destroy();
    } else {
      socket.destroy();
      throw error;
    }
  }
}

/**
 * Reads a small body that nobody wanted, so that the connection can go on. A large one is not worth it, and one
 * that is still being sent upstream has another reader.
 */
async function discard(body: FramedBody): Promise<boolean> {
  if (body.touched) return false;
  if (body.length !== null && body.length > SMALL_REST) return false;
  let size = 0;
  for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
    size += bytes.length;
    if (size > SMALL_REST) return false;
  }
  return true;
}

function refuseConnection(
  socket: Socket,
  denial: Denial,
  onSyntaxError: (denial: Denial) => string,
): void {
  const host = onSyntaxError(denial);
  if (socket.destroyed) return;
  const body = denialBody(denial, host === "" ? undefined : host);
  const headers = [
    ...denialHeaders(denial),
    field("Content-Length", String(Buffer.byteLength(body))),
    field("Connection", "close"),
  ];
  socket.write(
    formatHead(`HTTP/1.1 ${denial.status} ${statusText(denial.status)}`, headers) + body,
  );
}

function expectsContinue({ headers, minor }: RequestHead): boolean {
  return minor === 1 && headerValue(headers, "expect")?.toLowerCase() === "100-continue";
}

/** What is wrong with a head beyond its syntax, before any policy is asked. */
export function headRefusal({ headers, minor, method }: RequestHead): Denial | undefined {
  const expectations = headerValues(headers, "expect");
  if (minor === 1 && expectations.some((value) => value.toLowerCase() !== "100-continue")) {
    return deny("expectation_unknown", "the request expects something other than 100-continue");
  }
  return isWebSocketHandshake(method, minor, headers) ? handshakeProblem(headers) : undefined;
}

/** Writes one answer in HTTP/1.1 framing. */
class Http1Answer implements Answer {
  readonly #socket: Socket;
  readonly #head: RequestHead;
  readonly #mayKeepAlive: () => boolean;
  #chunked = false;
  #untilClose = false;
  #pendingHead: string | undefined;
  #onGone: (() => void) | undefined;
  readonly #onClose = () => this.#onGone?.();
  keepAlive = false;

  constructor(socket: Socket, head: RequestHead, mayKeepAlive: () => boolean) {
    this.#socket = socket;
    this.#head = head;
    this.#mayKeepAlive = mayKeepAlive;
    socket.once("close", this.#onClose);
  }

  proceed(): void {
    this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  }

  start(status: number, headers: HeaderList, length: number | null): void {
    const { minor, method } = this.#head;
    const options = listMembers(this.#head.headers, "connection");
    this.#chunked = length === null && minor === 1;
    this.#untilClose = length === null && minor === 0;
    this.keepAlive = this.#mayKeepAlive() && !this.#untilClose && !options.includes("close") &&
      (minor === 1 || options.includes("keep-alive"));
    const bodiless = method === "HEAD" || status === 204 || status === 304;
    const framed = bodiless
      ? [...headers]
      : headers.filter(({ name }) => name !== "content-length");
    if (this.#chunked) framed.push(field("Transfer-Encoding", "chunked"));
    else if (!bodiless && length !== null) framed.push(field("Content-Length", String(length)));
    if (!this.keepAlive) framed.push(field("Connection", "close"));
    else if (minor === 0) framed.push(field("Connection", "keep-alive"));
    this.#pendingHead = formatHead(`HTTP/1.1 ${status} ${statusText(status)}`, framed);
    // Head and first bytes leave together when they arrived together; the head never waits longer than this turn.
    setImmediate(() => this.#flushHead());
  }

  #flushHead(): void {
    const head = this.#pendingHead;
    this.#pendingHead = undefined;
    if (head !== undefined && !this.#socket.destroyed) this.#socket.write(head, "latin1");
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    const data = this.#chunked ? encodeChunk(bytes) : bytes;
    return this.#send(data);
  }

  #send(data: Uint8Array): Promise<void> | undefined {
    const head = this.#pendingHead;
    this.#pendingHead = undefined;
    return write(
      this.#socket,
      head === undefined ? data : Buffer.concat([Buffer.from(head, "latin1"), data]),
    );
  }

  end(): Promise<void> | undefined {
    this.#onGone = undefined;
    this.#socket.off("close", this.#onClose);
    if (this.#chunked) return this.#send(LAST_CHUNK);
    if (this.#pendingHead !== undefined) return this.#send(Buffer.alloc(0));
    return undefined;
  }

  abort(): void {
    this.keepAlive = false;
    this.#socket.destroy();
  }

  onGone(listener: () => void): void {
    if (this.#socket.destroyed) listener();
    else this.#onGone = listener;
  }
}
