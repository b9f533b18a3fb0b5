import { Buffer } from "node:buffer";
import { Flag, Frame, frame, getFields, headerBlock } from "./http2_client.ts";
import type { RawClient } from "./raw_client.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PRIORITY = 2;
const PUSH_PROMISE = 5;

/** Numbers that a seed determines (mulberry32). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to and without `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }
}

/** What the hosts of a campaign are. */
export interface CampaignHosts {
  readonly allowed: string;
  readonly denied: string;
}

/**
 * One hostile HTTP/2 client: frames in an order that the seed determines, mostly valid, several to a write, until
 * it leaves in the middle of everything. What is answered is read and not looked at.
 *
 * @param client a connection on which h2 was agreed.
 */
export async function playHostileSession(
  client: RawClient,
  seed: number,
  hosts: CampaignHosts,
): Promise<void> {
  const random = new Seeded(seed);
  const reading = random.below(8) === 0 ? Promise.resolve() : drain(client);
  const session = new HostileSession(random, hosts);
  try {
    await client.send(Buffer.concat([Buffer.from(PREFACE), session.settings()]));
    for (let writes = 1 + random.below(8); writes > 0; writes--) {
      const frames = Array.from({ length: 1 + random.below(6) }, () => session.next());
      await client.send(Buffer.concat(frames));
      if (random.below(2) === 0) await pause(random.below(4));
    }
    if (random.below(3) === 0) await pause(random.below(12));
    if (random.below(2) === 0) await client.send(session.goAway());
  } catch { /* cut off */ }
  client[Symbol.dispose]();
  await reading;
}

async function drain({ connection }: RawClient): Promise<void> {
  const into = new Uint8Array(16 * 1024);
  try {
    while (await connection.read(into) !== null);
  } catch { /* left, or cut off */ }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

class HostileSession {
  readonly #random: Seeded;
  readonly #hosts: CampaignHosts;
  /** Streams that were opened. */
  readonly #streams: number[] = [];
  #nextStream = 1;

  constructor(random: Seeded, hosts: CampaignHosts) {
    this.#random = random;
    this.#hosts = hosts;
  }

  next(): Buffer {
    const kind = this.#random.below(32);
    if (kind < 9) return this.#request();
    if (kind < 14) return this.#data();
    if (kind < 19) return this.#reset();
    if (kind < 21) return this.goAway();
    if (kind < 23) return this.settings();
    if (kind < 26) return this.#windowUpdate();
    if (kind < 28) return frame(Frame.ping, this.#flag(Flag.ack, 6), 0, Buffer.alloc(8));
    if (kind === 28) return frame(PRIORITY, 0, this.#stream(), Buffer.from([0, 0, 0, 0, 9]));
    if (kind === 29) return frame(0x2a, 0xff, this.#stream(), Buffer.alloc(this.#random.below(40)));
    if (kind === 30) return this.#burst();
    return this.#nonsense();
  }

  settings(): Buffer {
    const pairs = Array.from({ length: this.#random.below(4) }, () => {
      const pair = Buffer.alloc(6);
      const id = 1 + this.#random.below(6);
      pair.writeUInt16BE(id, 0);
      pair.writeUInt32BE(this.#settingValue(id), 2);
      return pair;
    });
    return frame(Frame.settings, 0, 0, Buffer.concat(pairs));
  }

  goAway(): Buffer {
    const payload = Buffer.alloc(8 + this.#random.below(12));
    payload.writeUInt32BE(this.#random.of([0, 0, 0, 2, 1, 0x7fffffff]), 0);
    payload.writeUInt32BE(this.#random.of([0, 0, 2, 8]), 4);
    return frame(Frame.goAway, 0, 0, payload);
  }

  #settingValue(id: number): number {
    if (id === 2) return this.#random.of([0, 0, 0, 1]);
    if (id === 4) return this.#random.of([0, 1, 100, 65_535, 1_000_000, 0x7fffffff]);
    if (id === 5) return this.#random.of([16_384, 16_384, 65_536, 0xffffff]);
    return this.#random.of([0, 1, 100, 4_096, 0xffffffff]);
  }

  /** `flag`, one time in `times`. */
  #flag(flag: number, times: number): number {
    return this.#random.below(times) === 0 ? flag : 0;
  }

  #stream(): number {
    if (this.#streams.length === 0 || this.#random.below(24) === 0) return this.#nextStream;
    return this.#random.of(this.#streams);
  }

  #request(): Buffer {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#streams.push(stream);
    const authority = this.#random.below(3) === 0 ? this.#hosts.denied : this.#hosts.allowed;
    const path = this.#random.of(["/", "/large", "/slow", "/close", "/a%2fb"]);
    const more = this.#random.below(3) === 0 ? [["content-length", "5"]] as const : [];
    const fields = getFields(authority, path, more);
    const sendsBody = this.#random.below(2) === 0;
    if (sendsBody) fields[0] = [":method", "POST"];
    const block = headerBlock(fields);
    const end = sendsBody ? 0 : Flag.endStream;
    if (this.#random.below(6) !== 0) {
      return frame(Frame.headers, end | Flag.endHeaders, stream, block);
    }
    const cut = this.#random.below(block.length);
    return Buffer.concat([
      frame(Frame.headers, end, stream, block.subarray(0, cut)),
      frame(
        Frame.continuation,
        this.#random.below(8) && Flag.endHeaders,
        stream,
        block.subarray(cut),
      ),
    ]);
  }

  #data(): Buffer {
    const size = this.#random.of([0, 1, 5, 5, 100, 16_384]);
    return frame(Frame.data, this.#flag(Flag.endStream, 2), this.#stream(), Buffer.alloc(size, 97));
  }

  #reset(): Buffer {
    const code = this.#random.of([0, 2, 5, 7, 8, 8, 8]);
    return frame(Frame.resetStream, 0, this.#stream(), Buffer.from([0, 0, 0, code]));
  }

  #windowUpdate(): Buffer {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(this.#random.of([1, 1, 1_000, 65_535, 65_535, 0, 0x7fffffff]));
    return frame(Frame.windowUpdate, 0, this.#random.below(2) && this.#stream(), payload);
  }

  /** Opens streams and takes them back, all in one write. */
  #burst(): Buffer {
    const frames = Array.from({ length: 1 + this.#random.below(40) }, () => {
      const opened = this.#request();
      return this.#random.below(4) === 0 ? opened : Buffer.concat([opened, this.#reset()]);
    });
    return Buffer.concat(frames);
  }

  #nonsense(): Buffer {
    const payload = Buffer.from(
      Array.from({ length: this.#random.below(64) }, () => this.#random.below(256)),
    );
    const type = this.#random.of([0, 1, 2, 3, 4, PUSH_PROMISE, 6, 7, 8, 9, 10, 16, 255]);
    return frame(type, this.#random.below(256), this.#stream(), payload);
  }
}
