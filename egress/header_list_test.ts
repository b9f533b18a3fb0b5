import assert from "node:assert/strict";
import { field, headerValue, headerValues, listMembers, withoutHopByHop } from "./header_list.ts";

const names = (headers: readonly { readonly raw: string }[]) => headers.map(({ raw }) => raw);

Deno.test("listMembers() joins the lines of a field and leaves out empty members", () => {
  const headers = [field("A", "x, ,Y"), field("B", "z"), field("a", ",w ,")];
  assert.deepEqual(listMembers(headers, "a"), ["x", "y", "w"]);
  assert.deepEqual(listMembers(headers, "c"), []);
});

Deno.test("headerValue() gives the first, headerValues() gives all", () => {
  const headers = [field("A", "1"), field("a", "2")];
  assert.equal(headerValue(headers, "a"), "1");
  assert.deepEqual(headerValues(headers, "a"), ["1", "2"]);
  assert.equal(headerValue(headers, "b"), undefined);
});

Deno.test("withoutHopByHop() leaves out a connection's own fields, and those that Connection names", () => {
  const headers = [
    field("Host", "example.com"),
    field("Connection", "close, X-Own"),
    field("connection", "x-other"),
    field("Keep-Alive", "5"),
    field("Proxy-Connection", "close"),
    field("Proxy-Authorization", "Basic x"),
    field("TE", "trailers"),
    field("Trailer", "x"),
    field("Transfer-Encoding", "chunked"),
    field("Upgrade", "h2c"),
    field("HTTP2-Settings", "x"),
    field("X-Own", "1"),
    field("X-Other", "1"),
    field("X-Kept", "1"),
  ];
  assert.deepEqual(names(withoutHopByHop(headers)), ["Host", "X-Kept"]);
});
