/** Bytes that requests may hold in memory, all together. */
export class ByteBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** A share that grows as it is needed; disposal gives it back. */
  share(): ByteShare {
    let taken = 0;
    return {
      take: (bytes) => {
        if (bytes > this.#left) return false;
        this.#left -= bytes;
        taken += bytes;
        return true;
      },
      [Symbol.dispose]: () => {
        this.#left += taken;
        taken = 0;
      },
    };
  }
}

/** What one request holds of a {@linkcode ByteBudget}. */
export interface ByteShare extends Disposable {
  /** @returns false when no more is left. */
  take(bytes: number): boolean;
}
