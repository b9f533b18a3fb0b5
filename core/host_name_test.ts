import assert from "node:assert/strict";
import {
  type Host,
  hostMatches,
  type HostPattern,
  isHostProblem,
  parseAuthority,
  parseHost,
  parseHostPattern,
} from "./host_name.ts";

function host(text: string): Host {
  const parsed = parseHost(text);
  assert.ok(!isHostProblem(parsed), `${text}: ${JSON.stringify(parsed)}`);
  return parsed;
}

function pattern(text: string): HostPattern {
  const parsed = parseHostPattern(text);
  assert.ok(!isHostProblem(parsed), `${text}: ${JSON.stringify(parsed)}`);
  return parsed;
}

const NAMES: readonly (readonly [string, string])[] = [
  ["example.com", "example.com"],
  ["EXAMPLE.Com", "example.com"],
  ["example.com.", "example.com"],
  ["localhost", "localhost"],
  ["_dmarc.example.com", "_dmarc.example.com"],
  ["b\u00fccher.example", "xn--bcher-kva.example"],
  ["B\u00dcCHER.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
];
for (const [raw, text] of NAMES) {
  Deno.test(`parseHost() makes the name ${text} of ${raw}`, () => {
    assert.deepEqual(parseHost(raw), { kind: "name", text });
  });
}

const ADDRESSES: readonly (readonly [string, string, boolean?])[] = [
  ["127.0.0.1", "127.0.0.1"],
  ["2130706433", "127.0.0.1"],
  ["0x7f000001", "127.0.0.1"],
  ["0X7F.1", "127.0.0.1"],
  ["017700000001", "127.0.0.1"],
  ["127.1", "127.0.0.1"],
  ["127.0.0.1.", "127.0.0.1"],
  ["0", "0.0.0.0"],
  ["\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127.0.0.1"],
  ["[::1]", "::1"],
  ["[0:0:0:0:0:0:0:1]", "::1"],
  ["[::ffff:127.0.0.1]", "::ffff:7f00:1"],
  ["[2001:DB8::1]", "2001:db8::1"],
  ["[fe80::1%25eth0]", "fe80::1", true],
  ["[fe80::1%eth0]", "fe80::1", true],
];
for (const [raw, text, zone = false] of ADDRESSES) {
  Deno.test(`parseHost() knows the address ${text} in ${raw}`, () => {
    assert.deepEqual(parseHost(raw), { kind: "ip", text, zone });
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["", "malformed"],
  [".", "malformed"],
  ["..", "malformed"],
  [".example.com", "malformed"],
  ["example..com", "malformed"],
  ["example.com..", "malformed"],
  ["exa mple.com", "malformed"],
  ["example.com\t", "malformed"],
  ["exa\tmple.com", "malformed"],
  ["example.com\0", "malformed"],
  ["example.com\r\n", "malformed"],
  ["user@example.com", "malformed"],
  ["example.com/", "malformed"],
  ["example.com\\", "malformed"],
  ["example.com#", "malformed"],
  ["example.com?", "malformed"],
  ["example%2ecom", "malformed"],
  ["example.com:443", "malformed"],
  ["example.com,example.org", "malformed"],
  ["*.example.com", "malformed"],
  ["exam\u00adple.com", "malformed"], // soft hyphen
  ["exam\u200bple.com", "malformed"], // zero-width space
  ["exam\u200dple.com", "malformed"], // zero-width joiner
  ["example\u3002com", "malformed"], // ideographic full stop
  ["example\uff0ecom", "malformed"], // full-width full stop
  ["example\uff61com", "malformed"], // half-width full stop
  ["exam\ufeffple.com", "malformed"],
  ["exam\u00a0ple.com", "malformed"],
  ["1.2.3.4.5", "malformed"],
  ["256.256.256.256", "malformed"],
  ["1.2.3.0x100", "malformed"],
  ["xn--a.example", "malformed"],
  [`${"a".repeat(64)}.example`, "malformed"],
  [`${"a.".repeat(130)}example`, "malformed"],
  ["a".repeat(2_000), "malformed"],
  ["::1", "malformed"],
  ["[::1", "malformed"],
  ["[::1]x", "malformed"],
  ["[::g]", "malformed"],
  ["[127.0.0.1]", "malformed"],
  ["[]", "malformed"],
  ["-a.example.com", "denied"],
  ["a-.example.com", "denied"],
];
for (const [raw, problem] of REFUSED) {
  Deno.test(`parseHost() refuses ${JSON.stringify(raw.slice(0, 40))} as ${problem}`, () => {
    const parsed = parseHost(raw);
    assert.ok(isHostProblem(parsed), JSON.stringify(parsed));
    assert.equal(parsed.problem, problem);
  });
}

const AUTHORITIES: readonly (readonly [string, number | undefined, string, number])[] = [
  ["example.com:443", undefined, "example.com", 443],
  ["example.com:1", undefined, "example.com", 1],
  ["example.com:65535", undefined, "example.com", 65535],
  ["example.com", 443, "example.com", 443],
  ["[::1]:443", undefined, "::1", 443],
  ["[::1]", 80, "::1", 80],
];
for (const [raw, fallback, text, port] of AUTHORITIES) {
  Deno.test(`parseAuthority() reads ${raw}`, () => {
    const authority = parseAuthority(raw, fallback);
    assert.ok(!isHostProblem(authority));
    assert.deepEqual([authority.host.text, authority.port], [text, port]);
  });
}

const BAD_AUTHORITIES = [
  "example.com",
  "example.com:",
  "example.com:0",
  "example.com:65536",
  "example.com:0443",
  "example.com:+443",
  "example.com:-1",
  "example.com: 443",
  "example.com:443 ",
  "example.com:4 43",
  "example.com:0x1bb",
  "example.com:443:443",
  "example.com:\u0664\u0664\u0663", // Arabic-Indic digits
  "::1:443",
  "[::1:443",
  ":443",
  "https://example.com:443",
  "/",
];
for (const raw of BAD_AUTHORITIES) {
  Deno.test(`parseAuthority() refuses ${JSON.stringify(raw)}`, () => {
    assert.ok(isHostProblem(parseAuthority(raw)));
  });
}

const MATCHES: readonly (readonly [string, string, boolean])[] = [
  ["example.com", "example.com", true],
  ["example.com", "EXAMPLE.com.", true],
  ["example.com", "www.example.com", false],
  ["EXAMPLE.com", "example.com", true],
  ["*.example.com", "www.example.com", true],
  ["*.example.com", "a.b.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "evilexample.com", false],
  ["*.example.com", "example.com.evil.example", false],
  ["*.b\u00fccher.example", "a.xn--bcher-kva.example", true],
  ["10.0.0.1", "10.0.0.1", true],
  ["10.0.0.1", "0xa.1", true],
  ["10.0.0.1", "10.0.0.2", false],
  ["::1", "[0::1]", true],
  ["::1", "[::1%25lo]", false],
];
for (const [written, name, covers] of MATCHES) {
  Deno.test(`hostMatches() says that ${written} ${covers ? "covers" : "does not cover"} ${name}`, () => {
    assert.equal(hostMatches(pattern(written), host(name)), covers);
  });
}

const BAD_PATTERNS = [
  "",
  "*",
  "*.",
  "*.com",
  "*.*.com",
  "a*.example.com",
  "*.10.0.0.1",
  "**.example.com",
  "example.com:443",
  "https://example.com",
  "[fe80::1%25eth0]",
  "*example.com",
  "a.*.example.com",
];
for (const text of BAD_PATTERNS) {
  Deno.test(`parseHostPattern() refuses ${JSON.stringify(text)}`, () => {
    assert.ok(isHostProblem(parseHostPattern(text)), JSON.stringify(parseHostPattern(text)));
  });
}
