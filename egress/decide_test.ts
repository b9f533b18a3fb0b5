import assert from "node:assert/strict";
import { isHostProblem, parseAuthority } from "../core/host_name.ts";
import { routeSchema } from "../core/route.ts";
import { decideConnect, decideRequest, type RequestSubject } from "./decide.ts";
import { isDenial } from "./denial.ts";
import { field } from "./header_list.ts";
import { compileRoutes } from "./route_table.ts";

const TABLE = compileRoutes([
  {
    host: "example.com",
    matches: [{ paths: [{ type: "prefix" as const, value: "/v1/" }], methods: ["GET", "FROB"] }],
  },
  { host: "open.example.com", ports: [443, 8443] },
  { host: "plain.example.com", insecure_http: true },
].map((route) => routeSchema.parse(route)));

function code(value: object): string {
  return isDenial(value) ? value.code : "allowed";
}

const CONNECTS: readonly (readonly [string, string])[] = [
  ["example.com:443", "allowed"],
  ["EXAMPLE.com.:443", "allowed"],
  ["open.example.com:8443", "allowed"],
  ["example.com:8443", "port_not_allowed"],
  ["other.example.com:443", "host_not_allowed"],
  ["127.0.0.1:443", "host_not_allowed"],
  ["example.com", "malformed_request"],
  ["exa mple.com:443", "malformed_request"],
  ["-a.example.com:443", "host_not_allowed"],
];
for (const [authority, expected] of CONNECTS) {
  Deno.test(`decideConnect() answers ${expected} to ${authority}`, () => {
    assert.equal(code(decideConnect(TABLE, authority)), expected);
  });
}

interface Asked extends Partial<Omit<RequestSubject, "authority">> {
  readonly to?: string;
}

function subject({ to = "example.com:443", ...more }: Asked): RequestSubject {
  const authority = parseAuthority(to);
  assert.ok(!isHostProblem(authority));
  return {
    scheme: "https",
    authority,
    method: "GET",
    target: "/v1/x",
    headers: [field("Host", authority.host.text)],
    webSocket: false,
    ...more,
  };
}

const host = (value: string) => field("Host", value);
const REQUESTS: readonly (readonly [string, Asked, string])[] = [
  ["an allowed request", {}, "allowed"],
  ["a Host with the port of https", { headers: [host("example.com:443")] }, "allowed"],
  ["a Host in upper case with a dot", { headers: [host("EXAMPLE.COM.")] }, "allowed"],
  ["a Host with another port", { headers: [host("example.com:80")] }, "authority_mismatch"],
  ["another Host", { headers: [host("open.example.com")] }, "authority_mismatch"],
  ["no Host", { headers: [] }, "malformed_request"],
  ["two Hosts", { headers: [host("example.com"), host("example.com")] }, "malformed_request"],
  ["an empty Host", { headers: [host("")] }, "malformed_request"],
  ["TRACE", { method: "TRACE" }, "method_refused"],
  ["TRACK", { method: "TRACK" }, "method_not_allowed"],
  ["CONNECT", { method: "CONNECT" }, "method_not_allowed"],
  ["a method that no entry has", { method: "POST" }, "method_not_allowed"],
  ["an odd method that an entry names", { method: "FROB" }, "allowed"],
  [
    "an odd method that no entry names",
    { to: "open.example.com:443", method: "FROB" },
    "method_refused",
  ],
  ["a path that no entry has", { target: "/v2/x" }, "request_not_allowed"],
  ["a WebSocket that no entry names", { webSocket: true }, "upgrade_not_allowed"],
  ["the target * of a GET", { to: "open.example.com:443", target: "*" }, "malformed_request"],
  [
    "the target * of OPTIONS",
    { to: "open.example.com:443", target: "*", method: "OPTIONS" },
    "allowed",
  ],
  [
    "plain http without insecure_http",
    { scheme: "http", to: "open.example.com:443" },
    "http_not_allowed",
  ],
  ["plain http with it", { scheme: "http", to: "plain.example.com:80" }, "allowed"],
  [
    "plain http on another port",
    { scheme: "http", to: "plain.example.com:8080" },
    "port_not_allowed",
  ],
  ["a push", { to: "open.example.com:443", target: "/a.git/git-receive-pack" }, "git_push_denied"],
  ["a fetch", { to: "open.example.com:443", target: "/a.git/git-upload-pack" }, "git_fetch_denied"],
  [
    "33 ranges",
    { headers: [host("example.com"), field("Range", `bytes=${new Array(33).fill("0-0")}`)] },
    "malformed_request",
  ],
  [
    "32 ranges",
    { headers: [host("example.com"), field("Range", `bytes=${new Array(32).fill("0-0")}`)] },
    "allowed",
  ],
];
for (const [what, asked, expected] of REQUESTS) {
  Deno.test(`decideRequest() answers ${expected} to ${what}`, () => {
    assert.equal(code(decideRequest(TABLE, subject(asked))), expected);
  });
}
