import assert from "node:assert/strict";
import { DENIAL_CODES, denialBody, deny } from "./denial.ts";

Deno.test("deny() never answers policy with a status that clients repeat", () => {
  for (const code of DENIAL_CODES) {
    const { status } = deny(code, "");
    const own = code === "internal_error" || code === "shutting_down" ||
      code.startsWith("upstream_") ||
      code === "unsupported_transfer_coding" || code === "unsupported_version";
    assert.ok(own ? status >= 500 : status < 500 && status !== 429, code);
  }
});

Deno.test("every refusal stands in docs/egress.md with its status", async () => {
  const page = await Deno.readTextFile(new URL("../docs/egress.md", import.meta.url));
  for (const code of DENIAL_CODES) {
    assert.match(page, new RegExp(`\\| \`${code}\` +\\| ${deny(code, "").status} `), code);
  }
});

Deno.test("denialBody() is one line of JSON whatever the bottle sent", () => {
  const body = denialBody(
    deny("host_not_allowed", "bad\x1b[2Jname\r\n"),
    "evil\x1b]0;x\x07.example",
  );
  assert.equal(body.trimEnd().includes("\n"), false);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(body.trimEnd(), /[\x00-\x1f]/);
  assert.equal(JSON.parse(body).error.code, "host_not_allowed");
});

Deno.test("denialBody() tells a supervised agent to propose a route, and others to ask", () => {
  const denial = deny("host_not_allowed", "not on the list");
  const tool = { ...deny("model_api_tool", "a search"), next: "do without it" };
  for (const each of [denial, tool]) {
    assert.match(JSON.parse(denialBody(each, "a.example.com", true)).error.next, /egress-allow/);
  }
  assert.match(JSON.parse(denialBody(tool, "a.example.com")).error.next, /do without/);
  assert.match(JSON.parse(denialBody(denial, "a.example.com")).error.next, /ask the operator/);
});
