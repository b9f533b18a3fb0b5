/** An IPv4 (4 bytes) or IPv6 (16 bytes) address in network order. */
export type IpBytes = Uint8Array;

/** Parses dotted-quad IPv4 in its one strict spelling (no octal, hex or short forms); null otherwise. */
export function parseIpv4(text: string): IpBytes | null {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(
    text,
  );
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : null;
}

/** Parses IPv6 text (RFC 4291 section 2.2, without brackets or zone); null otherwise. */
export function parseIpv6(text: string): IpBytes | null {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [
    ...head,
    ...new Array<number>(halves.length === 2 ? missing : 0).fill(0),
    ...tail,
  ];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

function groupsOf(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const v4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : null;
      if (v4 === null) return null;
      groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(parseInt(part, 16));
    }
  }
  return groups;
}

/** Parses either family; null when `text` is no address in a canonical spelling. */
export function parseIp(text: string): IpBytes | null {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** Why an address is not a public one. */
export type AddressClass =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "cgnat"
  | "metadata"
  | "reserved";

const IPV4_CLASSES: readonly (readonly [string, number, AddressClass])[] = [
  // Cloud metadata services first: they sit inside other ranges.
  ["169.254.169.254", 32, "metadata"], // AWS, GCP, Azure, OpenStack
  ["169.254.170.2", 32, "metadata"], // ECS task credentials
  ["169.254.170.23", 32, "metadata"], // EKS pod identity
  ["100.100.100.200", 32, "metadata"], // Alibaba Cloud
  ["168.63.129.16", 32, "metadata"], // Azure wire server
  ["192.0.0.192", 32, "metadata"], // Oracle Cloud
  ["127.0.0.0", 8, "loopback"],
  ["10.0.0.0", 8, "private"], // RFC 1918
  ["172.16.0.0", 12, "private"],
  ["192.168.0.0", 16, "private"],
  ["169.254.0.0", 16, "link-local"], // RFC 3927
  ["100.64.0.0", 10, "cgnat"], // RFC 6598
  ["0.0.0.0", 8, "reserved"], // RFC 1122: reaches this host on Linux
  ["192.0.0.0", 24, "reserved"], // RFC 6890
  ["192.0.2.0", 24, "reserved"], // RFC 5737
  ["192.88.99.0", 24, "reserved"], // RFC 7526
  ["198.18.0.0", 15, "reserved"], // RFC 2544
  ["198.51.100.0", 24, "reserved"],
  ["203.0.113.0", 24, "reserved"],
  ["224.0.0.0", 4, "reserved"], // multicast
  ["240.0.0.0", 4, "reserved"], // RFC 1112 and broadcast
];

const IPV6_CLASSES: readonly (readonly [string, number, AddressClass])[] = [
  ["fd00:ec2::", 32, "metadata"], // AWS
  ["fd20:ce::254", 128, "metadata"], // GCP
  ["::1", 128, "loopback"],
  ["::", 128, "reserved"],
  ["fc00::", 7, "private"], // RFC 4193
  ["fe80::", 10, "link-local"],
  ["fec0::", 10, "private"], // RFC 3879
  ["ff00::", 8, "reserved"],
  ["100::", 64, "reserved"], // RFC 6666
  ["2001::", 23, "reserved"], // RFC 2928 (Teredo, ORCHID, benchmarking)
  ["2001:db8::", 32, "reserved"],
  ["3fff::", 20, "reserved"], // RFC 9637
];

const TABLE_V4 = IPV4_CLASSES.map(([net, bits, name]) => ({ net: parseIpv4(net)!, bits, name }));
const TABLE_V6 = IPV6_CLASSES.map(([net, bits, name]) => ({ net: parseIpv6(net)!, bits, name }));

function within(address: IpBytes, net: IpBytes, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== net[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest) & 0xff;
  return (address[whole]! & mask) === (net[whole]! & mask);
}

/** IPv4 addresses that an IPv6 address carries: mapped, compatible, NAT64 (RFC 6052, 8215), 6to4, ISATAP. */
function embeddedIpv4(address: IpBytes): IpBytes | null {
  const startsWith = (...head: number[]) => head.every((byte, i) => address[i] === byte);
  const zeros = (from: number, to: number) =>
    address.subarray(from, to).every((byte) => byte === 0);
  if (zeros(0, 10) && address[10] === 0xff && address[11] === 0xff) return address.subarray(12);
  if (zeros(0, 12)) return address.subarray(12);
  if (zeros(0, 8) && address[8] === 0xff && address[9] === 0xff && zeros(10, 12)) {
    return address.subarray(12); // RFC 2765
  }
  if (startsWith(0, 0x64, 0xff, 0x9b)) return address.subarray(12);
  if (startsWith(0x20, 0x02)) return address.subarray(2, 6);
  if (
    (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe
  ) {
    return address.subarray(12); // RFC 5214
  }
  return null;
}

/** Classifies an address; an IPv6 form that carries an IPv4 address takes the class of what it carries. */
export function classifyAddress(address: IpBytes): AddressClass {
  if (address.length === 4) {
    return TABLE_V4.find(({ net, bits }) => within(address, net, bits))?.name ?? "public";
  }
  const own = TABLE_V6.find(({ net, bits }) => within(address, net, bits))?.name;
  if (own !== undefined) return own;
  const inner = embeddedIpv4(address);
  if (inner !== null) {
    const name = classifyAddress(inner);
    // An embedded public address still goes through a translator nobody named: not a plain public host.
    return name === "public" && !(address[10] === 0xff && address[11] === 0xff) ? "reserved" : name;
  }
  return (address[0]! & 0xe0) === 0x20 ? "public" : "reserved"; // only 2000::/3 is global unicast
}
