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

const job = (body: string): ScanJob => ({
  kind: "scan",
  rules: RULES,
  message: {
    host: "api.example.com",
    method: "POST",
    path: "/",
    query: "",
    headers: [],
    body: Buffer.from(body),
  },
});
/** A worker that does `code` when a job comes. */
const script = (code: string) =>
  new URL(
    `data:application/javascript,${
      encodeURIComponent(`onmessage = ({ data }) => { if ("job" in data) { ${code} } }`)
    }`,
  );

Deno.test("ScanPool.run() gives what a scan on another thread finds, and leaves the body where it is", async () => {
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

Deno.test("RequestInspector.scan() calls a large request that could not be looked at incomplete, never clean", async () => {
  using inspector = new RequestInspector(OPTIONS, script(`throw new Error("broken")`));
  const scan = await inspector.scan(job("x".repeat(300_000)).message, RULES);
  deepEqual(scan.matches, []);
  deepEqual(scan.incomplete, ["the request could not be looked at"]);
  const redaction = await inspector.redact(job("x".repeat(300_000)).message, RULES);
  ok("refused" in redaction);
  deepEqual((await inspector.scan(job("x").message, RULES)).incomplete, []);
});
