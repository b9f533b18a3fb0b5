import assert from "node:assert/strict";
import type { Cases } from "./case.ts";
import { TunnelRefused } from "../support/raw_client.ts";
import { PolicyFixture } from "./policy_fixture.ts";
import { POLICY_ROUTES } from "./policy.ts";

export const controlCases: Cases = {
  "empty-allowlist": async () => {
    await using fixture = await PolicyFixture.start({ routes: [] });
    const refused = await fixture.egress.tunnel("example.com:443").catch((error) => error);
    assert.ok(refused instanceof TunnelRefused);
    using client = await fixture.egress.client();
    const plain = await client.ask(
      "GET http://example.com/v1/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
    );
    assert.equal(plain?.status, 403);
    assert.deepEqual(fixture.egress.lookups, []);
    return `deny-${refused.answer?.status}`;
  },
  "fail-open-reload": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await fixture.egress.tunnel("example.com:443");
    const ask = (path: string) => client.ask(`GET ${path} HTTP/1.1\r\nHost: example.com\r\n\r\n`);
    for (let round = 0; round < 20; round++) {
      // A request that no policy of these ever allowed, asked while they are replaced.
      const denied = ask("/admin");
      fixture.egress.reload(round % 2 === 0 ? [] : POLICY_ROUTES);
      assert.equal((await denied)?.status, 403);
      const allowed = round % 2 === 0 ? 403 : 200;
      assert.equal((await ask("/v1/x"))?.status, allowed, "the new policy counts at once");
    }
    assert.ok(fixture.requests.every(({ target }) => target === "/v1/x"));
    return "deny-403";
  },
};
