import { Buffer } from "node:buffer";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { sampleSecret } from "../../tests/support/sample_token.ts";
import { fingerprintKey } from "./fingerprint.ts";
import { RequestInspector } from "./request_inspector.ts";
import type { ScanJob } from "./scan_job.ts";
import { ScanFailed, ScanPool } from "./scan_pool.ts";

const SECRET = sampleSecret();
const OPTIONS = { secrets: [{ name: "KEY", value: SECRET }], key: fingerprintKey() };
const SCRIPT = new URL("./scan_worker.ts", import.meta.url);
const RULES = { detectors: ["token_patterns", "known_secrets"], maxBody: 1 << 24 } as const;

const job = (body: string | Buffer) =>
  ({
    kind: "scan" as const,
    rules: RULES,
    message: {
      host: "api.example.com",
      method: "POST",
      path: "/",
      query: "",
      headers: [],
      body: typeof body === "string" ? Buffer.from(body) : body,
    },
  }) satisfies ScanJob;
/** A body that lies in memory of its own. */
const large = (text: string) => {
  const bytes = Buffer.allocUnsafeSlow(300_000).fill(" ");
  bytes.write(text, 200_000);
  return bytes;
};
/** A worker that does `code` when a job comes. */
const script = (code: string) =>
  new URL(
    `data:application/javascript,${
      encodeURIComponent(`onmessage = ({ data }) => { if ("job" in data) { ${code} } }`)
    }`,
  );

Deno.test("ScanPool.run() gives what a scan on another thread finds", async () => {
  using pool = new ScanPool(SCRIPT, OPTIONS);
  const asked = job(`key: ${SECRET}`);
  const found = await pool.run(asked);
  ok("scan" in found);
  equal(found.scan.matches[0]?.rule, "KEY");
  equal(String(asked.message.body), `key: ${SECRET}`);
  const redacted = await pool.run({ ...asked, kind: "redact" });
  ok("redaction" in redacted && !("refused" in redacted.redaction));
  ok(!Buffer.from(redacted.redaction.body).includes(SECRET));
  const [one, two, three] = await Promise.all(
    ["a", "b", SECRET].map((body) => pool.run(job(body))),
  );
  deepEqual([one, two, three].map((result) => "scan" in result! && result.scan.matches.length), [
    0,
    0,
    1,
  ]);
});

Deno.test("ScanPool.run() gives a body away and gets it back, and copies one that shares its memory", async () => {
  using pool = new ScanPool(SCRIPT, OPTIONS);
  for (let round = 0; round < 2; round++) {
    const body = large(SECRET);
    const found = await pool.run(job(body));
    ok("scan" in found && found.scan.matches[0]?.rule === "KEY");
    equal(body.length, 0, "the body was copied");
    ok(Buffer.from(found.body.buffer).equals(large(SECRET)));
    const part = large(SECRET).subarray(1);
    const again = await pool.run(job(part));
    ok("scan" in again && again.scan.matches[0]?.rule === "KEY");
    equal(part.length, 299_999);
    ok(part.equals(again.body));
  }
});

Deno.test("ScanPool.run() ends a thread that takes too long, and goes on with the next job", async () => {
  using pool = new ScanPool(script(`for (;;) {}`), OPTIONS, 50);
  const ends = await Promise.allSettled([1, 2, 3, 4].map(() => pool.run(job("x"))));
  for (const end of ends) {
    ok(end.status === "rejected" && end.reason instanceof ScanFailed);
    equal(end.reason.message, "took too long to look at");
  }
});

Deno.test("ScanPool.run() rejects when a thread fails, without ending the process", async () => {
  using pool = new ScanPool(script(`throw new Error("broken")`), OPTIONS);
  for (let round = 0; round < 2; round++) {
    await rejects(pool.run(job("x")), /could not be looked at/);
  }
});

Deno.test("ScanPool ends what waits and what runs when it is closed", async () => {
  const pool = new ScanPool(script(""), OPTIONS);
  const ends = Promise.allSettled([1, 2, 3].map(() => pool.run(job("x"))));
  pool[Symbol.dispose]();
  for (const end of await ends) ok(end.status === "rejected");
});

Deno.test("RequestInspector.scan() gives the body with what was found in it", async () => {
  using inspector = new RequestInspector(OPTIONS, SCRIPT);
  for (let round = 0; round < 2; round++) {
    const { scan, body } = await inspector.scan(job(large(SECRET)).message, RULES);
    equal(scan.matches[0]?.rule, "KEY");
    ok(body.equals(large(SECRET)));
  }
  const small = await inspector.scan(job(SECRET).message, RULES);
  equal(String(small.body), SECRET);
});

Deno.test("RequestInspector.scan() gives no result for a large request that could not be looked at", async () => {
  using inspector = new RequestInspector(OPTIONS, script(`throw new Error("broken")`));
  await rejects(inspector.scan(job(large("x")).message, RULES), ScanFailed);
  const redaction = await inspector.redact(job(large("x")).message, RULES);
  ok("refused" in redaction);
  deepEqual((await inspector.scan(job("x").message, RULES)).scan.incomplete, []);
});
