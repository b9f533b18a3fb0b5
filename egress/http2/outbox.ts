import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import type { Valve } from "../http1/byte_reader.ts";
import { Flag, frameHead, FrameType, MAX_FRAME_BYTES } from "./frame.ts";
import { DEFAULT_WINDOW } from "./settings.ts";

/** Bytes that are put together before they are written. */
const WRITE_BYTES = 64 * 1024;
/** Bytes of answers to pings and the like that wait for a client before nothing more is read from it. */
const MAX_BACKLOG = 64 * 1024;

/** A stream whose DATA frames go out in turn with the others'. */
export interface DataSource {
  readonly id: number;
  /** Bytes that the client takes of this stream. */
  window: number;
  /** Bytes that wait. */
  readonly waiting: number;
  /** Whether nothing comes after the bytes that wait. */
  readonly ending: boolean;
  /** Takes up to `most` bytes of those that wait. */
  take(most: number): Buffer;
  /** Told when END_STREAM was sent. */
  ended(): void;
}

/** Writes frames to a socket: control frames as they come, DATA as windows (RFC 9113 section 5.2) and socket allow. */
export class Outbox {
  /** Bytes that the client takes of the whole connection. */
  window = DEFAULT_WINDOW;
  readonly #socket: Duplex;
  readonly #valve: Valve;
  readonly #ready = new Set<DataSource>();
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;
  #blocked = false;
  #stopped = false;

  constructor(socket: Duplex, valve: Valve) {
    this.#socket = socket;
    this.#valve = valve;
    socket.on("drain", () => {
      this.#blocked = false;
      if (this.#stopped) valve.flow();
      this.#stopped = false;
      this.flush();
    });
  }

  /** Sends frames with the next write, at the latest at the end of this turn of the event loop. */
  send(...frames: Uint8Array[]): void {
    for (const frame of frames) this.#push(frame);
    if (this.#blocked && this.#bytes > MAX_BACKLOG && !this.#stopped) {
      this.#stopped = true;
      this.#valve.stop(); // who does not read is not read from
    }
    this.#flushSoon();
  }

  /** Sends what `source` has, when there is room. */
  offer(source: DataSource): void {
    this.#ready.add(source);
    if (source.waiting >= WRITE_BYTES) this.flush();
    else this.#flushSoon(); // head, body and end of a small answer leave in one write
  }

  #flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  forget(source: DataSource): void {
    this.#ready.delete(source);
  }

  /** Writes what may be written. */
  flush(): void {
    while (!this.#blocked && !this.#socket.destroyed && this.#socket.writable) {
      this.#fill();
      if (this.#frames.length === 0) return;
      const bytes = this.#frames.length === 1 ? this.#frames[0]! : Buffer.concat(this.#frames);
      this.#frames = [];
      this.#bytes = 0;
      this.#blocked = !this.#socket.write(bytes);
    }
  }

  #push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** Takes one frame of each stream in turn. */
  #fill(): void {
    for (const source of this.#ready) {
      if (this.#bytes >= WRITE_BYTES) return;
      const window = Math.max(0, Math.min(source.window, this.window)); // SETTINGS can make one negative
      const most = Math.min(source.waiting, window, MAX_FRAME_BYTES);
      const isLast = source.ending && most === source.waiting;
      if (most <= 0 && !isLast) {
        // The stream comes back with its window; the connection's window is for every stream.
        if (source.waiting === 0 || source.window <= 0) this.#ready.delete(source);
        continue;
      }
      source.window -= most;
      this.window -= most;
      this.#push(frameHead(FrameType.data, isLast ? Flag.endStream : 0, source.id, most));
      if (most > 0) this.#push(source.take(most));
      this.#ready.delete(source);
      if (isLast) source.ended();
      else if (source.waiting > 0) this.#ready.add(source); // behind the others; the loop comes to it again
    }
  }
}
