import { Buffer } from "node:buffer";
import type http2 from "node:http2";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { deny } from "../denial.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { Answer, InboundRequest } from "../inbound.ts";
import { field, type HeaderField, type HeaderList, headerValue } from "../header_list.ts";
import type { Body } from "../http1/body.ts";
import { ByteReader, ConnectionLost } from "../http1/byte_reader.ts";
import { write } from "../http1/byte_writer.ts";
import { HttpSyntaxError } from "../http1/syntax_error.ts";
import { MAX_FIELDS, MAX_HEAD_BYTES } from "../http1/head_scanner.ts";

/** Error codes of RFC 9113 section 7. */
const ErrorCode = { none: 0, internal: 2, refusedStream: 7, enhanceYourCalm: 11 } as const;
/** Most streams at once over all sessions of a proxy: each may need a connection to an upstream, and memory. */
const MAX_STREAMS = 1024;
/** Streams that a client may reset beyond those it lets finish, before it is taken for a flood (CVE-2023-44487). */
const MAX_RESETS = 200;
const END_STREAM = 1;
const TARGET = /^[\x21-\x7e]+$/;
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// deno-lint-ignore no-control-regex
const FORBIDDEN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;

/** A request as HTTP/2 carries it, for the tunnel to complete. */
export type StreamRequest = Pick<
  InboundRequest,
  "method" | "target" | "headers" | "body" | "expectContinue" | "webSocket" | "refusal"
>;

/** How many streams are open, over all sessions of a proxy. */
export interface StreamCount {
  open: number;
}

type StreamEvent = [ServerHttp2Stream, IncomingHttpHeaders, flags: number, raw: string[]];

/**
 * Serves HTTP/2 on a decrypted connection until it ends. nghttp2 checks frames, pseudo-headers, lengths and
 * field syntax (RFC 9113 section 8); what it lets through is put into the same form as an HTTP/1.1 request.
 *
 * @returns `closed` when nothing is left; `drain` lets streams finish and takes no new ones; `end` breaks them off.
 * @param total counts the streams of this session among the others'.
 * @param protocol node:http2, which is loaded when the first tunnel opens: it costs a start 10 ms.
 */
export function serveHttp2(
  protocol: typeof http2,
  socket: Socket,
  idle: number,
  deadlines: Deadlines,
  total: StreamCount,
  run: (request: StreamRequest, answer: Answer) => Promise<void>,
): { readonly closed: Promise<void>; drain(): void; end(): void } {
  const session = protocol.performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: 128,
      maxHeaderListSize: MAX_HEAD_BYTES,
      enablePush: false,
      initialWindowSize: 256 * 1024,
    },
    maxHeaderListPairs: MAX_FIELDS,
    maxSessionMemory: 32,
  });
  const deadline: Deadline = { at: deadlines.after(idle), expire: () => session.destroy() };
  deadlines.watch(deadline);
  let open = 0;
  let resets = 0;
  const serve = async (...[stream, headers, flags, raw, answer]: [...StreamEvent, Answer]) => {
    await run(streamRequest(stream, headers, flags, raw), answer);
  };
  session.on(
    "stream",
    (...[stream, headers, flags, raw]: StreamEvent) => {
      open++;
      total.open++;
      deadline.at = Infinity;
      stream.on("error", () => {}); // a reset by the client; the exchange hears of it by "close"
      stream.once("aborted", () => {
        if (++resets > MAX_RESETS) session.destroy(undefined, ErrorCode.enhanceYourCalm);
      });
      stream.once("close", () => {
        total.open--;
        if (--open === 0) deadline.at = deadlines.after(idle);
        if (stream.rstCode === ErrorCode.none && resets > 0) resets--;
      });
      // The client may send it again (RFC 9113 section 8.7).
      if (total.open > MAX_STREAMS) return void stream.close(ErrorCode.refusedStream);
      const answer = new Http2Answer(stream, deadlines, idle);
      serve(stream, headers, flags, raw, answer).catch(() => answer.abort());
    },
  );
  const closed = new Promise<void>((resolve) => {
    session.once("close", () => {
      deadlines.forget(deadline);
      socket.destroy();
      resolve();
    });
    session.on("error", () => session.destroy());
  });
  return { closed, drain: () => session.close(), end: () => session.destroy() };
}

function streamRequest(
  stream: ServerHttp2Stream,
  pseudo: IncomingHttpHeaders,
  flags: number,
  raw: readonly string[],
): StreamRequest {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    if (!name.startsWith(":")) fields.push(field(name, raw[i + 1]!));
  }
  const cookies = fields.filter(({ name }) => name === "cookie");
  if (cookies.length > 1) joinCookies(fields, cookies);
  const authority = pseudo[":authority"] as string | undefined;
  const host = headerValue(fields, "host");
  // One Host, as in HTTP/1.1: an equal one is the same statement, another one is a contradiction.
  const headers = authority === undefined || host === authority
    ? fields
    : [field("Host", authority), ...fields];
  const path = pseudo[":path"] as string | undefined;
  const method = (pseudo[":method"] as string | undefined) ?? "";
  const problem = streamProblem(method, pseudo[":scheme"] as string | undefined, path, fields);
  return {
    method,
    target: path ?? "*",
    headers: headers.map(latin1),
    body: (flags & END_STREAM) !== 0
      ? EMPTY_BODY
      : new StreamBody(stream, headerValue(fields, "content-length")),
    expectContinue: headerValue(fields, "expect")?.toLowerCase() === "100-continue",
    webSocket: false,
    ...(problem === undefined ? {} : { refusal: deny("malformed_request", problem) }),
  };
}

/** What RFC 9113 section 8.2 forbids in a request and the session may have let through. */
function streamProblem(
  method: string,
  scheme: string | undefined,
  path: string | undefined,
  fields: HeaderList,
): string | undefined {
  if (!METHOD.test(method)) return "the method is not a token";
  if (scheme !== undefined && scheme !== "https") return "the scheme in a TLS tunnel is https";
  if (path !== undefined && !TARGET.test(path)) {
    return "the request target holds a byte that no URL has";
  }
  for (const { name, raw, value } of fields) {
    if (!FIELD_NAME.test(raw)) return "a header name is not a lower-case token";
    if (FORBIDDEN_VALUE.test(value)) return "a header value holds a control character";
    if (CONNECTION_FIELDS.test(name)) return `${name} does not belong in HTTP/2`;
    if (name === "te" && value !== "trailers") return "TE in HTTP/2 is trailers or nothing";
  }
  return undefined;
}

/** Cookies come one by one in HTTP/2 and go on as one field (RFC 9113 section 8.2.3). */
function joinCookies(fields: HeaderField[], cookies: HeaderList): void {
  const joined = field("cookie", cookies.map(({ value }) => value).join("; "));
  const kept = fields.filter(({ name }) => name !== "cookie");
  fields.splice(0, fields.length, ...kept, joined);
}

/** Field values are bytes; node hands them over as text, which must survive the way back to bytes. */
function latin1(header: HeaderField): HeaderField {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\xff]*$/.test(header.value)
    ? header
    : { ...header, value: Buffer.from(header.value, "utf8").toString("latin1") };
}

const EMPTY_BODY: Body = { length: 0, done: true, read: () => Promise.resolve(null) };

/** The body of one stream. */
class StreamBody implements Body {
  readonly length: number | null;
  readonly #stream: ServerHttp2Stream;
  readonly #reader: ByteReader;
  #done = false;
  #received = 0;

  constructor(stream: ServerHttp2Stream, contentLength: string | undefined) {
    this.length = contentLength === undefined || !/^\d{1,15}$/.test(contentLength)
      ? null
      : Number(contentLength);
    this.#stream = stream;
    this.#reader = new ByteReader(stream);
  }

  get done(): boolean {
    return this.#done || this.length === 0;
  }

  async read(): Promise<Buffer | null> {
    const bytes = await this.#reader.read();
    this.#received += bytes?.length ?? 0;
    // The session checks this too; what goes upstream is framed by it, so it is not left to one check.
    const wrong = bytes === null
      ? this.#received !== this.length && !this.#stream.aborted
      : this.#received > (this.length ?? Infinity);
    if (this.length !== null && wrong) {
      throw new HttpSyntaxError("the body is not as long as content-length says");
    }
    if (bytes !== null) return bytes;
    // A reset ends the stream too; only the END_STREAM flag ends the body.
    if (this.#stream.aborted || !this.#stream.readableEnded) {
      throw new ConnectionLost("the stream was reset inside its body");
    }
    this.#done = true;
    return null;
  }
}

/** Fields that node:http2 throws on when they stand twice, though servers do send that; the first one counts. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  ...[
    "access-control-allow-credentials",
    "access-control-max-age",
    "access-control-request-method",
  ],
  ...["age", "authorization", "content-encoding", "content-language", "content-length"],
  ...["content-location", "content-md5", "content-range", "content-type", "date", "dnt", "etag"],
  ...["expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range"],
  ...["if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization"],
  ...["range", "referer", "retry-after", "tk", "upgrade-insecure-requests", "user-agent"],
  "x-content-type-options",
]);

/** Fields that HTTP/2 does not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;

class Http2Answer implements Answer {
  readonly #stream: ServerHttp2Stream;
  readonly #deadlines: Deadlines;
  readonly #idle: number;
  #ended = false;

  constructor(stream: ServerHttp2Stream, deadlines: Deadlines, idle: number) {
    this.#stream = stream;
    this.#deadlines = deadlines;
    this.#idle = idle;
  }

  proceed(): void {
    if (!this.#stream.destroyed) this.#stream.additionalHeaders({ ":status": 100 });
  }

  start(status: number, headers: HeaderList, length: number | null): void {
    if (this.#stream.destroyed) return;
    // Without a prototype: `constructor` is a field name like any other.
    const out: OutgoingHttpHeaders = Object.assign(Object.create(null), { ":status": status });
    for (const { name, value } of headers) {
      if (CONNECTION_FIELDS.test(name)) continue;
      const earlier = out[name];
      if (earlier === undefined) out[name] = value;
      else if (!SINGLE_FIELDS.has(name)) {
        out[name] = Array.isArray(earlier) ? [...earlier, value] : [String(earlier), value];
      }
    }
    if (length !== null && length > 0 && status !== 204) out["content-length"] = String(length);
    this.#stream.respond(out);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return write(this.#stream, bytes);
  }

  end(): Promise<void> | undefined {
    this.#ended = true;
    if (this.#stream.destroyed) return undefined;
    this.#stream.end();
    // A client that opens no window for the answer must not keep the stream for ever.
    const last = { at: this.#deadlines.after(this.#idle), expire: () => this.abort() };
    this.#deadlines.watch(last);
    this.#stream.once("close", () => this.#deadlines.forget(last));
    return undefined;
  }

  abort(): void {
    if (!this.#stream.destroyed) this.#stream.close(ErrorCode.internal);
  }

  onGone(listener: () => void): void {
    if (this.#stream.destroyed) return listener();
    this.#stream.once("close", () => {
      if (!this.#ended) listener();
    });
  }
}
