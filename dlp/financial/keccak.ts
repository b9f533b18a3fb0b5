const MASK = (1n << 64n) - 1n;
const RATE = 136;

/** Rotation of each lane and the order in which they move (FIPS 202, sections 3.2.2 and 3.2.3). */
const ROTATION = [
  1,
  3,
  6,
  10,
  15,
  21,
  28,
  36,
  45,
  55,
  2,
  14,
  27,
  41,
  56,
  8,
  25,
  43,
  62,
  18,
  39,
  61,
  20,
  44,
];
const LANE = [
  10,
  7,
  11,
  17,
  18,
  3,
  5,
  16,
  8,
  21,
  24,
  4,
  15,
  23,
  19,
  13,
  12,
  2,
  20,
  14,
  22,
  9,
  6,
  1,
];

/** Round constants by the shift register of FIPS 202, section 3.2.5. */
const ROUNDS = (() => {
  let register = 1;
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if (register & 1) constant |= 1n << BigInt((1 << bit) - 1);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
    return constant;
  });
})();

const rotate = (lane: bigint, by: number) =>
  ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK;

/** Keccak-256 with the padding of before FIPS 202, as Ethereum uses it. For short inputs. */
export function keccak256(input: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((input.length + 1) / RATE) * RATE);
  padded.set(input);
  padded[input.length] = 0x01;
  padded[padded.length - 1]! |= 0x80;
  const state = new Array<bigint>(25).fill(0n);
  const view = new DataView(padded.buffer);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let lane = 0; lane < RATE / 8; lane++) {
      state[lane]! ^= view.getBigUint64(block + lane * 8, true);
    }
    permute(state);
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane++) out.setBigUint64(lane * 8, state[lane]!, true);
  return new Uint8Array(out.buffer);
}

function permute(state: bigint[]): void {
  for (const constant of ROUNDS) {
    const parity = [0, 1, 2, 3, 4].map((x) =>
      state[x]! ^ state[x + 5]! ^ state[x + 10]! ^ state[x + 15]! ^ state[x + 20]!
    );
    for (let x = 0; x < 5; x++) {
      const change = parity[(x + 4) % 5]! ^ rotate(parity[(x + 1) % 5]!, 1);
      for (let y = 0; y < 25; y += 5) state[y + x]! ^= change;
    }
    let moving = state[1]!;
    LANE.forEach((lane, index) => {
      const kept = state[lane]!;
      state[lane] = rotate(moving, ROTATION[index]!);
      moving = kept;
    });
    for (let y = 0; y < 25; y += 5) {
      const row = state.slice(y, y + 5);
      for (let x = 0; x < 5; x++) {
        state[y + x] = row[x]! ^ (~row[(x + 1) % 5]! & MASK & row[(x + 2) % 5]!);
      }
    }
    state[0]! ^= constant;
  }
}
