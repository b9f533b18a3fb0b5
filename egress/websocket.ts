import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { type Denial, deny } from "./denial.ts";
import {
  field,
  type HeaderField,
  type HeaderList,
  headerValue,
  headerValues,
  listMembers,
} from "./header_list.ts";
import { write } from "./http1/byte_writer.ts";
import { HttpSyntaxError } from "./http1/syntax_error.ts";
import type { Peer } from "./upstream_connection.ts";
import { SecretMask, type SecretSet } from "./secret_mask.ts";
import { FrameGuard } from "./websocket_frames.ts";

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

/**
 * Passes frames both ways until either side ends. Frames that break RFC 6455 end both with the status code it
 * names; the injected secret is masked in what the upstream sends.
 *
 * @param onEnding told that one side has ended and the other has been asked to.
 * @returns bytes from and to the upstream.
 */
export async function joinWebSocket(
  client: Peer,
  upstream: Peer,
  secrets: SecretSet | undefined,
  onEnding: () => void,
): Promise<{ bytesIn: number; bytesOut: number }> {
  const mask = secrets === undefined ? undefined : new SecretMask(secrets);
  const out = new FrameGuard("client");
  const into = new FrameGuard("server");
  const end = (status: number) => {
    if (status !== 1000) {
      client.socket.write(closeFrame(status, false));
      upstream.socket.write(closeFrame(status, true));
    }
    client.socket.end();
    upstream.socket.end();
    onEnding();
  };
  const [bytesOut, bytesIn] = await Promise.all([
    pump(client, upstream.socket, out, undefined, end),
    pump(upstream, client.socket, into, mask, end),
  ]);
  return { bytesIn, bytesOut };
}

async function pump(
  from: Peer,
  to: Socket,
  guard: FrameGuard,
  mask: SecretMask | undefined,
  end: (status: number) => void,
): Promise<number> {
  let total = 0;
  const take = async (bytes: Buffer): Promise<boolean> => {
    total += bytes.length;
    const problem = guard.push(bytes);
    if (problem !== undefined) {
      end(problem.status);
      return false;
    }
    const clean = mask === undefined ? bytes : mask.push(bytes);
    if (clean.length > 0) await write(to, clean);
    return true;
  };
  try {
    for (let bytes = await from.reader.read(); bytes !== null; bytes = await from.reader.read()) {
      if (!await take(bytes)) return total;
    }
    const rest = mask?.flush();
    if (rest !== undefined && rest.length > 0) await write(to, rest);
    end(1000);
  } catch {
    // Either side is gone: there is nobody to tell, and the other one must not stay open.
    from.socket.destroy();
    to.destroy();
  }
  return total;
}

/** A close frame (section 5.5.1); the one to the upstream is masked with zeros, as a client's must be. */
function closeFrame(status: number, masked: boolean): Buffer {
  const code = Buffer.from([status >> 8, status & 255]);
  return masked
    ? Buffer.concat([Buffer.from([0x88, 0x82, 0, 0, 0, 0]), code])
    : Buffer.concat([Buffer.from([0x88, 0x02]), code]);
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
