import type { Match } from "./finding.ts";
import type { View } from "./text/view.ts";

/** Characters of a window. */
const WINDOW = 64;
/** Bits per character at which a window is reported; 64 different characters would be 6. */
const BITS = 5.5;
const STEP = 16;
/** Runs reported of one input. */
const MOST = 20;

/** `n log2 n` for the counts of a window. */
const WEIGHT = Float64Array.from({ length: WINDOW + 1 }, (_, n) => n === 0 ? 0 : n * Math.log2(n));

/** Runs of visible ASCII in which a window of 64 characters has 5.5 bits per character or more. A hint only. */
export function entropyMatches(view: View): Match[] {
  const matches: Match[] = [];
  const { bytes } = view;
  const counts = new Uint8Array(256);
  let reach = -1;
  for (let start = 0; start + WINDOW <= bytes.length && matches.length < MOST; start += STEP) {
    if (start < reach) continue;
    counts.fill(0);
    let visible = true;
    for (let index = start; index < start + WINDOW; index++) {
      const byte = bytes[index]!;
      if (byte <= 0x20 || byte >= 0x7f) {
        visible = false;
        break;
      }
      counts[byte]!++;
    }
    if (!visible) continue;
    let weighted = 0;
    for (const count of counts) weighted += WEIGHT[count]!;
    const bits = Math.log2(WINDOW) - weighted / WINDOW;
    if (bits < BITS) continue;
    reach = start + WINDOW;
    while (reach < bytes.length && bytes[reach]! > 0x20 && bytes[reach]! < 0x7f) reach++;
    matches.push({
      detector: "entropy",
      rule: "window",
      severity: "warn",
      reason: `${WINDOW} characters carry ${bits.toFixed(1)} bits each`,
      ...view.origin(start, reach),
      via: view.via,
    });
  }
  return matches;
}
