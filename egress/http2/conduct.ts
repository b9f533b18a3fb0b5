import { Allowance } from "./allowance.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** Streams that a client may break off beyond those it lets finish, before it is taken for a flood (CVE-2023-44487). */
const MAX_RESETS = 200;
/** Frames that move nothing forward: at once, and per second. */
const IDLE_FRAMES = { burst: 10_000, perSecond: 1_000 };
/** And those that may belong to a stream that was answered: windows that grow too late, priorities. */
const IDLE_FRAMES_PER_ANSWER = 4;
/** Streams that this side broke off and on which frames may still be under way. */
const MAX_BROKEN_OFF = 1_024;

/** What a client has done on one connection that costs it nothing, and is therefore counted (RFC 9113 section 10.5). */
export class Conduct {
  readonly #idleFrames: Allowance;
  readonly #brokenOff = new Set<number>();
  #resets = 0;

  /** @param now milliseconds on a monotonic clock. */
  constructor(now: () => number) {
    this.#idleFrames = new Allowance(IDLE_FRAMES.burst, IDLE_FRAMES.perSecond, now);
  }

  /**
   * A frame moves nothing forward.
   *
   * @throws ConnectionError when there were too many.
   */
  idleFrame(): void {
    if (this.#idleFrames.take()) return;
    throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many frames move nothing forward");
  }

  /**
   * A stream did not come to its end because of the client.
   *
   * @throws ConnectionError when there were too many.
   */
  reset(): void {
    if (++this.#resets <= MAX_RESETS) return;
    throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many streams are broken off");
  }

  /** An answer was sent to its end. */
  finished(): void {
    if (this.#resets > 0) this.#resets--;
    this.#idleFrames.give(IDLE_FRAMES_PER_ANSWER);
  }

  /** This side is done with a stream before the client is: what was sent before it knew is no error. */
  brokeOff(stream: number): void {
    this.#brokenOff.add(stream);
    if (this.#brokenOff.size <= MAX_BROKEN_OFF) return;
    for (const oldest of this.#brokenOff) {
      this.#brokenOff.delete(oldest);
      return;
    }
  }

  /**
   * A frame comes on a stream that is closed.
   *
   * @throws ConnectionError unless this side broke it off.
   */
  lateFrame(stream: number): void {
    this.idleFrame();
    if (this.#brokenOff.has(stream)) return;
    throw new ConnectionError(ErrorCode.streamClosed, "a frame comes on a stream that is closed");
  }
}
