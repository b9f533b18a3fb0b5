/** A secret that no program needs: its appearance outside the bottle is an exfiltration. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

const BIRDS = ["FALCON", "HERON", "OSPREY", "KESTREL", "PLOVER", "MERLIN", "CURLEW", "AVOCET"];
const SYSTEMS = [
  "LEDGER",
  "BILLING",
  "ARCHIVE",
  "VAULT",
  "REPORTS",
  "PAYROLL",
  "STAGING",
  "INVENTORY",
];
const KINDS = ["SECRET", "API_KEY", "ACCESS_KEY", "PASSWORD"];
const SYMBOLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // 64: no bias

/** A canary with a plausible name and 40 random characters (240 bits). */
export function makeCanary(random: (bytes: Uint8Array) => void): Canary {
  const bytes = new Uint8Array(43);
  random(bytes);
  const pick = (words: readonly string[], byte: number) => words[byte % words.length]!;
  return {
    name: `${pick(BIRDS, bytes[0]!)}_${pick(SYSTEMS, bytes[1]!)}_${pick(KINDS, bytes[2]!)}`,
    value: Array.from(bytes.subarray(3), (byte) => SYMBOLS[byte & 63]).join(""),
  };
}
