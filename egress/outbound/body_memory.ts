/** A share of the memory for bodies. */
export interface MemoryShare {
  /** Gives back what is more than `bytes`. */
  keep(bytes: number): void;
  /** Lets others move while the body waits for a person; it counts on in all that is held. */
  rest(): void;
  /** Gives back everything. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly admit: () => void;
}

/**
 * Bounds the bytes that all bodies together may hold while they are looked at, and how many of them are read, looked at
 * and sent at once. Who does not find room waits, first come first served: a policy that cannot be applied yet is no
 * reason to refuse.
 */
export class BodyMemory {
  readonly #total: Room;
  readonly #moving: Room;

  /**
   * @param total bytes.
   * @param moving bytes of bodies that wait for no person.
   */
  constructor(total: number, moving = total) {
    this.#total = new Room(total);
    this.#moving = new Room(moving);
  }

  /**
   * Takes `bytes`, or everything when there are fewer in all.
   *
   * @throws the signal's reason when it is aborted before there was room.
   */
  async reserve(bytes: number, signal: AbortSignal): Promise<MemoryShare> {
    const held = await this.#total.take(bytes, signal);
    let moving: Taken;
    try {
      moving = await this.#moving.take(bytes, signal);
    } catch (error) {
      held.keep(0);
      throw error;
    }
    const keep = (bytes: number) => {
      held.keep(bytes);
      moving.keep(bytes);
    };
    return { keep, rest: () => moving.keep(0), release: () => keep(0) };
  }
}

/** What was taken of a room; `keep` gives back what is more. */
interface Taken {
  keep(bytes: number): void;
}

class Room {
  readonly #total: number;
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  async take(bytes: number, signal: AbortSignal): Promise<Taken> {
    const wanted = Math.min(bytes, this.#total);
    signal.throwIfAborted();
    if (this.#waiting.length > 0 || this.#free < wanted) await this.#wait(wanted, signal);
    else this.#free -= wanted;
    let held = wanted;
    return {
      keep: (bytes) => {
        this.#free += Math.max(0, held - bytes);
        held = Math.min(held, bytes);
        this.#admit();
      },
    };
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        this.#admit(); // a smaller one behind it may fit
        reject(signal.reason);
      };
      const entry: Waiting = {
        bytes,
        admit: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(entry);
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#free < next.bytes) return;
      this.#free -= next.bytes;
      this.#waiting.shift();
      next.admit();
    }
  }
}
