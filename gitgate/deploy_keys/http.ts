/** One request to a forge. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request: the requester then rejects soon. */
  readonly signal: AbortSignal;
}

/** An answer, read to its end. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; values of a repeated name joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends one request over TLS with a verified certificate and follows no redirect.
 *
 * @throws HttpFailure when there is no complete answer.
 */
export type HttpRequester = (request: HttpRequest) => Promise<HttpResponse>;

/** Why a request has no answer. */
export type HttpFailureKind = "unreachable" | "tls" | "lost" | "too_large" | "aborted";

/** A request that was not answered. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";

  /** @param sent whether the server may have acted on it. */
  constructor(readonly kind: HttpFailureKind, readonly sent: boolean, reason: string) {
    super(reason);
  }
}
