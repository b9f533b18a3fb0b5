/** Error codes of RFC 9113 section 7. */
export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What a client did that ends its whole connection (RFC 9113 section 5.4.1). */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  constructor(readonly code: ErrorCode, message: string) {
    super(message);
  }
}
