import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { leaveSpare, takeAuthority } from "./authority.ts";

async function inFolder(work: (home: string) => Promise<void>): Promise<void> {
  const home = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    await work(home);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

Deno.test("takeAuthority() gives the spare once, and never the same authority to two bottles", () =>
  inFolder(async (home) => {
    const now = new Date();
    await leaveSpare(home, now);
    equal(Deno.statSync(`${home}/spare-ca.json`).mode! & 0o777, 0o600);
    const spare = JSON.parse(Deno.readTextFileSync(`${home}/spare-ca.json`));
    const [one, two] = await Promise.all([takeAuthority(home, now), takeAuthority(home, now)]);
    deepEqual([one, two].filter(({ key }) => key === spare.key).length, 1);
    notEqual(one.key, two.key);
    deepEqual([...Deno.readDirSync(home)], []);
  }));

Deno.test("takeAuthority() makes a new one when the spare is old, cut off or not there", () =>
  inFolder(async (home) => {
    const now = new Date();
    await leaveSpare(home, now);
    const spare = JSON.parse(Deno.readTextFileSync(`${home}/spare-ca.json`));
    const later = await takeAuthority(home, new Date(now.getTime() + 8 * 86_400_000));
    notEqual(later.key, spare.key);
    Deno.writeTextFileSync(`${home}/spare-ca.json`, '{"certificate": "-----BEG');
    match((await takeAuthority(home, now)).certificate, /^-----BEGIN CERTIFICATE-----/);
    deepEqual([...Deno.readDirSync(home)], []);
    const { certificate } = await takeAuthority(home, now);
    equal(new X509Certificate(certificate).ca, true);
  }));
