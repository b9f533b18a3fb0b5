import type { Duplex } from "node:stream";
import { ConnectionLost } from "./byte_reader.ts";

/**
 * Writes with backpressure: resolves at once while the socket takes bytes, otherwise when it has drained.
 *
 * @throws ConnectionLost when the socket closes first.
 */
export function write(socket: Duplex, bytes: Uint8Array | string): Promise<void> | undefined {
  if (socket.destroyed || socket.writableEnded) {
    return Promise.reject(new ConnectionLost("the connection is closed"));
  }
  const taken = typeof bytes === "string" ? socket.write(bytes, "latin1") : socket.write(bytes);
  return taken ? undefined : drained(socket);
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      socket.off("drain", onDrain);
      socket.off("close", onClose);
      error === undefined ? resolve() : reject(error);
    };
    const onDrain = () => settle();
    const onClose = () =>
      settle(new ConnectionLost("the connection closed while bytes were being written"));
    socket.on("drain", onDrain);
    socket.on("close", onClose);
  });
}
