import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Dialled } from "./dial.ts";
import { type Body, FramedBody } from "./http1/body.ts";
import { ByteReader, ConnectionLost } from "./http1/byte_reader.ts";
import { write } from "./http1/byte_writer.ts";
import { encodeChunk, LAST_CHUNK } from "./http1/chunked.ts";
import { responseFraming } from "./http1/framing.ts";
import { formatHead, parseResponseHead, type ResponseHead } from "./http1/message_head.ts";
import { HttpSyntaxError } from "./http1/syntax_error.ts";
import { field, type HeaderField, listMembers } from "./header_list.ts";

/** One end of a connection that has left HTTP. */
export interface Peer {
  readonly socket: Socket;
  readonly reader: ByteReader;
}

/** A request body: what has been read already, and what is still to come. */
export interface OutgoingBody {
  /** Bytes in all, or null when only the end will tell. */
  readonly length: number | null;
  readonly prefix: Buffer;
  readonly rest: Body | null;
}

/** The sender of a request failed in the middle of its body; the upstream is not at fault. */
export class RequestBodyFailed extends Error {
  override readonly name = "RequestBodyFailed";
}

/** A request as it goes on the wire. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Everything but the framing fields, which are written from `body`. */
  readonly headers: readonly HeaderField[];
  readonly body: OutgoingBody;
  /** Token of an upgrade that is asked for. */
  readonly upgrade?: string;
}

/** The answer to one request. */
export interface UpstreamResponse {
  readonly head: ResponseHead;
  readonly body: Body;
}

const MAX_INTERIM_RESPONSES = 16;
/** Bytes of a body that are written at once. */
const PIECE = 256 * 1024;
/** Methods that carry a length even when the body is empty (RFC 9110 section 8.6). */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

async function readFrom(body: Body): Promise<Buffer | null> {
  try {
    return await body.read();
  } catch (cause) {
    throw new RequestBodyFailed("the request body ended before it was complete", { cause });
  }
}

/** One HTTP/1.1 connection to an upstream. It carries one request at a time and is never pipelined. */
export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #reader: ByteReader;
  #sent = false;
  #body: Body | undefined;
  #keepAlive = false;
  /** Requests sent so far. */
  uses = 0;
  /** The policy generation under which the connection was opened. */
  readonly generation: number;

  constructor({ socket, valve }: Dialled, generation: number) {
    this.generation = generation;
    this.#socket = socket;
    this.#reader = new ByteReader(socket, valve);
    // Every read and write reports the failure itself; this keeps a late one from ending the process.
    socket.on("error", () => {});
  }

  get socket(): Socket {
    return this.#socket;
  }

  /**
   * Sends a request and reads the head of its answer. The body is still being sent when an answer comes early.
   *
   * @throws ConnectionLost, HttpSyntaxError, RequestBodyFailed; the connection must be destroyed then.
   */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    this.uses++;
    this.#sent = false;
    this.#keepAlive = false;
    const sending = this.#write(request).then(() => {
      this.#sent = true;
    });
    const bodyFailed = new Promise<never>((_, reject) => {
      // A lost connection is left to the reading side: an upstream that answers early may close its end.
      sending.catch((error) => error instanceof ConnectionLost || reject(error));
    });
    const head = await Promise.race([this.#readFinalHead(), bodyFailed]);
    bodyFailed.catch(() => this.destroy());
    if (head.status === 101 && request.upgrade === undefined) {
      throw new HttpSyntaxError("the upstream switched protocols without being asked");
    }
    const framing = head.status === 101
      ? { kind: "none" as const }
      : responseFraming(head, request.method);
    const body = new FramedBody(this.#reader, framing);
    this.#body = body;
    const options = listMembers(head.headers, "connection");
    this.#keepAlive = framing.kind !== "until-close" && !options.includes("close") &&
      (head.minor === 1 || options.includes("keep-alive"));
    return { head, body };
  }

  async #readFinalHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= MAX_INTERIM_RESPONSES; interim++) {
      const text = await this.#reader.readHead();
      if (text === null) {
        throw new ConnectionLost("the upstream closed the connection without an answer");
      }
      const head = parseResponseHead(text);
      if (head.status >= 200 || head.status === 101) return head;
    }
    throw new HttpSyntaxError("the upstream sends interim answers without end");
  }

  async #write({ method, target, headers, body, upgrade }: UpstreamRequest): Promise<void> {
    const framed = [...headers];
    const chunked = body.length === null;
    if (chunked) framed.push(field("Transfer-Encoding", "chunked"));
    else if (body.length > 0 || METHODS_WITH_BODY.has(method)) {
      framed.push(field("Content-Length", String(body.length)));
    }
    if (upgrade !== undefined) {
      framed.push(field("Connection", "Upgrade"), field("Upgrade", upgrade));
    }
    const encode = (bytes: Buffer) => chunked && bytes.length > 0 ? encodeChunk(bytes) : bytes;
    const head = Buffer.from(formatHead(`${method} ${target} HTTP/1.1`, framed), "latin1");
    if (body.prefix.length > PIECE && !chunked) {
      // A large body is not copied: it goes out in pieces, as fast as they are taken.
      await write(this.#socket, head);
      for (let at = 0; at < body.prefix.length; at += PIECE) {
        const wait = write(this.#socket, body.prefix.subarray(at, at + PIECE));
        if (wait !== undefined) await wait;
      }
    } else {
      await write(
        this.#socket,
        body.prefix.length === 0 ? head : Buffer.concat([head, encode(body.prefix)]),
      );
    }
    if (body.rest !== null) {
      for (
        let bytes = await readFrom(body.rest);
        bytes !== null;
        bytes = await readFrom(body.rest)
      ) {
        const wait = write(this.#socket, encode(bytes));
        if (wait !== undefined) await wait;
      }
    }
    if (chunked) await write(this.#socket, LAST_CHUNK);
  }

  /** The connection itself, after a 101 answer: it is the caller's from here on. */
  detach(): Peer {
    return { socket: this.#socket, reader: this.#reader };
  }

  /**
   * Whether another request may use this connection: everything was sent and read, the upstream keeps it open,
   * and not a byte has come that nobody asked for (CVE-2026-48931 class).
   */
  get reusable(): boolean {
    return this.#keepAlive && this.#sent && this.#body?.done === true && this.#reader.idle &&
      !this.#socket.destroyed;
  }

  /** Whether nothing of the request waits to be written any more. */
  get flushed(): boolean {
    return this.#sent && this.#socket.writableLength === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
