import assert from "node:assert/strict";
import fc from "fast-check";
import { type AddressClass, classifyAddress, parseIp, parseIpv4, parseIpv6 } from "./ip_address.ts";

const CLASSES: readonly (readonly [AddressClass, readonly string[]])[] = [
  ["public", [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
    "::ffff:8.8.8.8",
  ]],
  ["loopback", [
    "127.0.0.1",
    "127.255.255.255",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
  ]],
  ["private", [
    "10.0.0.0",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "fc00::1",
    "fdff::1",
    "fec0::1",
    "::ffff:10.0.0.1",
    "64:ff9b::192.168.0.1",
  ]],
  ["link-local", ["169.254.0.1", "fe80::1", "febf::1", "::ffff:169.254.1.1"]],
  ["cgnat", ["100.64.0.0", "100.127.255.255", "::ffff:100.64.0.1"]],
  ["metadata", [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
  ]],
  ["reserved", [
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "ff02::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "64:ff9b::8.8.8.8",
    "2002:808:808::",
    "4000::1",
  ]],
];
for (const [name, addresses] of CLASSES) {
  for (const address of addresses) {
    Deno.test(`classifyAddress() calls ${address} ${name}`, () => {
      const bytes = parseIp(address);
      assert.ok(bytes !== null);
      assert.equal(classifyAddress(bytes), name);
    });
  }
}

const NO_IPV4 = [
  "",
  "1.2.3",
  "1.2.3.4.5",
  "01.2.3.4",
  "1.2.3.256",
  "0x1.2.3.4",
  "1.2.3.4 ",
  "1.2.3.-4",
  "1..3.4",
  "\u0661.2.3.4",
];
for (const text of NO_IPV4) {
  Deno.test(`parseIpv4() takes only one spelling, and not ${JSON.stringify(text)}`, () => {
    assert.equal(parseIpv4(text), null);
  });
}

const NO_IPV6 = [
  "",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "12345::",
  "g::",
  "::1%eth0",
  "[::1]",
  "::1.2.3",
  "1.2.3.4::",
  "::1.2.3.4:5",
  "1:2:3:4:5:6:7:8::",
  "1:2:3:4:5:6:7::8:9",
];
for (const text of NO_IPV6) {
  Deno.test(`parseIpv6() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseIpv6(text), null);
  });
}

Deno.test("parseIpv6() reads what WHATWG URL writes, for any address", () => {
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const written = new URL(`http://[${text}]/`).hostname.slice(1, -1);
    assert.deepEqual(parseIpv6(text), parseIpv6(written));
    assert.equal(parseIpv6(text)?.length, 16);
  }));
});
