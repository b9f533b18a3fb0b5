import { Buffer } from "node:buffer";
import { write } from "./http1/byte_writer.ts";
import { type Denial, isDenial } from "./denial.ts";
import type { Peer } from "./upstream_connection.ts";
import { FrameGuard, MAX_FRAME_BYTES } from "./websocket_frames.ts";
import { type Message, MessageAssembler, messageFrame, Opcode } from "./websocket_messages.ts";

/** Looks at the messages of one direction, in their order. */
export interface MessageInspector {
  /** The payload that may be passed on, or why the WebSocket must end (close code 1008). */
  inspect(message: Message, gone: AbortSignal): Promise<Buffer | Denial> | Buffer | Denial;
}

/** What is looked at; a direction without an inspector passes as it comes, its framing checked. */
export interface Inspectors {
  readonly out?: MessageInspector;
  readonly in?: MessageInspector;
}

/** Told what happens to a WebSocket. */
export interface WebSocketWatcher {
  /** A message could not be passed on; told once, before either side is. */
  denied(direction: "out" | "in", denial: Denial): void;
  /** One side has ended and the other has been asked to. */
  ending(): void;
}

/** Largest message that is put together, in bytes. */
export const MAX_MESSAGE_BYTES = MAX_FRAME_BYTES;

/**
 * Passes messages both ways until either side ends. What breaks RFC 6455 ends both sides with the status code it
 * names, what an inspector refuses with 1008.
 *
 * @returns bytes from and to the upstream.
 */
export async function relayWebSocket(
  client: Peer,
  upstream: Peer,
  inspectors: Inspectors,
  watcher: WebSocketWatcher,
): Promise<{ bytesIn: number; bytesOut: number }> {
  const gone = new AbortController();
  client.socket.once("close", () => gone.abort());
  upstream.socket.once("close", () => gone.abort());
  let ended = false;
  const end = (status: number) => {
    if (status !== 1000 && !ended) {
      const payload = Buffer.from([status >> 8, status & 255]);
      client.socket.write(messageFrame({ opcode: Opcode.close, payload }, false));
      upstream.socket.write(messageFrame({ opcode: Opcode.close, payload }, true));
    }
    ended = true;
    client.socket.end();
    upstream.socket.end();
    watcher.ending();
  };
  const direction = (name: "out" | "in") =>
    pump({
      from: name === "out" ? client : upstream,
      to: name === "out" ? upstream : client,
      sender: name === "out" ? "client" : "server",
      inspector: inspectors[name],
      gone: gone.signal,
      isEnded: () => ended,
      end,
      deny: (denial) => {
        if (!ended) watcher.denied(name, denial);
        end(1008);
      },
    });
  const [bytesOut, bytesIn] = await Promise.all([direction("out"), direction("in")]);
  return { bytesIn, bytesOut };
}

interface Direction {
  readonly from: Peer;
  readonly to: Peer;
  readonly sender: "client" | "server";
  readonly inspector: MessageInspector | undefined;
  readonly gone: AbortSignal;
  /** Whether both sides were told to end: nothing more may be passed on. */
  readonly isEnded: () => boolean;
  readonly end: (status: number) => void;
  readonly deny: (denial: Denial) => void;
}

/** Gives the number of bytes that were read. */
async function pump(direction: Direction): Promise<number> {
  const { from, to, sender, inspector, end } = direction;
  const take = inspector === undefined
    ? passing(direction, new FrameGuard(sender))
    : inspecting(direction, inspector, new MessageAssembler(sender, MAX_MESSAGE_BYTES));
  let total = 0;
  try {
    for (let bytes = await from.reader.read(); bytes !== null; bytes = await from.reader.read()) {
      total += bytes.length;
      if (!await take(bytes)) return total;
    }
    end(1000);
  } catch {
    // Either side is gone: there is nobody to tell, and the other one must not stay open.
    from.socket.destroy();
    to.socket.destroy();
  }
  return total;
}

/** Takes bytes; false when nothing more may be taken. */
type Take = (bytes: Buffer) => Promise<boolean>;

function passing({ to, end, isEnded }: Direction, guard: FrameGuard): Take {
  return async (bytes) => {
    const problem = guard.push(bytes);
    if (problem !== undefined) end(problem.status);
    if (isEnded()) return false;
    await write(to.socket, bytes);
    return true;
  };
}

function inspecting(
  { to, sender, gone, end, deny, isEnded }: Direction,
  inspector: MessageInspector,
  assembler: MessageAssembler,
): Take {
  return async (bytes) => {
    const { messages, problem } = assembler.push(bytes);
    for (const message of messages) {
      const payload = await inspector.inspect(message, gone);
      if (isDenial(payload)) deny(payload);
      if (isDenial(payload) || isEnded()) return false;
      await write(
        to.socket,
        messageFrame({ opcode: message.opcode, payload }, sender === "client"),
      );
    }
    if (problem !== undefined) end(problem.status);
    return !isEnded();
  };
}
