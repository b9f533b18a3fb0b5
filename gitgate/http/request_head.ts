/** A request as far as its headers. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** What follows the question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A request that is answered with a status and a sentence. */
export class HttpRefusal extends Error {
  override readonly name = "HttpRefusal";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const MOST_HEADERS = 64;

/**
 * Reads a request's head (RFC 9112, sections 3 and 5), strictly: no folding, no bare line feed, no repeated header.
 *
 * @param head everything before the empty line.
 * @throws HttpRefusal 400 or 505.
 */
export function parseRequestHead(head: Uint8Array): RequestHead {
  const text = new TextDecoder("latin1").decode(head);
  const [line = "", ...fields] = text.split("\r\n");
  const start = /^([A-Z]{1,20}) (\/[\x21-\x7e]{0,1000}) HTTP\/(\d\.\d)$/.exec(line);
  if (start === null) throw new HttpRefusal(400, "the request line is malformed");
  if (start[3] !== "1.1" && start[3] !== "1.0") {
    throw new HttpRefusal(505, "only HTTP/1.1 is spoken here");
  }
  if (fields.length > MOST_HEADERS) throw new HttpRefusal(400, "there are too many headers");
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(":");
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    // deno-lint-ignore no-control-regex
    if (colon < 1 || !TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new HttpRefusal(400, "a header is malformed");
    }
    if (headers.has(name)) throw new HttpRefusal(400, "a header is repeated");
    headers.set(name, value);
  }
  const target = start[2]!;
  const mark = target.indexOf("?");
  return {
    method: start[1]!,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
  };
}
