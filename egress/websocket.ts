import { createHash } from "node:crypto";
import { type Denial, deny } from "./denial.ts";
import {
  field,
  type HeaderField,
  type HeaderList,
  headerValue,
  headerValues,
  listMembers,
} from "./header_list.ts";
import { HttpSyntaxError } from "./http1/syntax_error.ts";
import type { SecretSet } from "./secret_mask.ts";

const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 section 1.3

/** Whether a request asks for a WebSocket: the method, both fields, and a key (RFC 6455 section 4.1). */
export function isWebSocketHandshake(method: string, minor: number, headers: HeaderList): boolean {
  return method === "GET" && minor === 1 &&
    listMembers(headers, "connection").includes("upgrade") &&
    headerValues(headers, "upgrade").length === 1 &&
    headerValue(headers, "upgrade")!.toLowerCase() === "websocket" &&
    headerValues(headers, "sec-websocket-key").length === 1;
}

/** What is wrong with a handshake. */
export function handshakeProblem(headers: HeaderList): Denial | undefined {
  if (headerValue(headers, "sec-websocket-version") !== "13") {
    return deny("websocket_version", "only WebSocket version 13 is spoken here");
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headerValue(headers, "sec-websocket-key")!)) {
    return deny("malformed_request", "the Sec-WebSocket-Key is not 16 bytes in base64");
  }
  // What one side takes for a body the other could take for frames.
  const length = headerValue(headers, "content-length") ?? "0";
  if (length !== "0" || headerValue(headers, "transfer-encoding") !== undefined) {
    return deny("malformed_request", "a WebSocket handshake has no body");
  }
  return undefined;
}

/** Headers of a handshake without extensions: compressed frames could not be inspected. */
export function withoutExtensions(headers: readonly HeaderField[]): HeaderField[] {
  return headers.filter(({ name }) => name !== "sec-websocket-extensions");
}

/** The upstream's side of a handshake must prove that it read this one, and may not add an extension. */
export function checkHandshakeAnswer(request: HeaderList, answer: HeaderList): void {
  const key = headerValue(request, "sec-websocket-key") ?? "";
  const expected = createHash("sha1").update(key + ACCEPT_SUFFIX).digest("base64");
  if (headerValue(answer, "sec-websocket-accept") !== expected) {
    throw new HttpSyntaxError("the upstream's WebSocket answer does not match the request");
  }
  if (headerValue(answer, "sec-websocket-extensions") !== undefined) {
    throw new HttpSyntaxError("the upstream uses a WebSocket extension that was not offered");
  }
}

/** The 101 answer for the client. */
export function switchingProtocols(answer: HeaderList, secrets: SecretSet | undefined): string {
  const kept = answer.filter(({ name }) =>
    /^(?:sec-websocket-(?:accept|protocol)|set-cookie|date|server)$/.test(name)
  );
  const fields = [field("Connection", "Upgrade"), field("Upgrade", "websocket"), ...kept];
  const lines = fields.map(({ raw, value }) => `${raw}: ${secrets?.maskText(value) ?? value}`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`;
}
