import { decodeBase58Check } from "./base58.ts";
import { keccak256 } from "./keccak.ts";

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x00, "Bitcoin"],
  [0x05, "Bitcoin"],
  [0x30, "Litecoin"],
  [0x32, "Litecoin"],
  [0x1e, "Dogecoin"],
  [0x4c, "Dash"],
]);

/** The currency of an address with a right checksum; undefined when it is none. */
export function walletOf(address: string): string | undefined {
  if (address.startsWith("0x")) return isEip55(address.slice(2)) ? "Ethereum" : undefined;
  const bech32 = /^(bc|tb|ltc)1[a-z0-9]+$/.exec(address);
  if (bech32 !== null) {
    return isBech32(address) ? bech32[1] === "ltc" ? "Litecoin" : "Bitcoin" : undefined;
  }
  const payload = decodeBase58Check(address);
  return payload?.length === 21 ? VERSIONS.get(payload[0]!) : undefined;
}

/** EIP-55: the case of the letters is a checksum; an address in one case has none and is not reported. */
function isEip55(hex: string): boolean {
  if (!/[a-f]/.test(hex) || !/[A-F]/.test(hex)) return false;
  const digest = keccak256(new TextEncoder().encode(hex.toLowerCase()));
  return [...hex].every((character, index) => {
    if (/[0-9]/.test(character)) return true;
    const nibble = (digest[index >> 1]! >> (index % 2 === 0 ? 4 : 0)) & 0xf;
    return nibble >= 8 === /[A-F]/.test(character);
  });
}

/** BIP-173 and BIP-350: the BCH code over the human-readable part and the data. */
function isBech32(address: string): boolean {
  const split = address.lastIndexOf("1");
  const prefix = address.slice(0, split);
  const values = [...address.slice(split + 1)].map((character) => BECH32.indexOf(character));
  if (values.includes(-1) || values.length < 6) return false;
  const expanded = [
    ...[...prefix].map((character) => character.charCodeAt(0) >> 5),
    0,
    ...[...prefix].map((character) => character.charCodeAt(0) & 31),
    ...values,
  ];
  let checksum = 1;
  for (const value of expanded) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].forEach((generator, bit) => {
      if ((top >> bit) & 1) checksum ^= generator;
    });
  }
  return checksum === 1 || checksum === 0x2bc830a3;
}
