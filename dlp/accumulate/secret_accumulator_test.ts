import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { shortValues } from "./short_values.ts";
import { SecretAccumulator } from "./secret_accumulator.ts";

const SECRET = ["qz", "live", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("-");
const LETTERS = SECRET.replace(/[^A-Za-z0-9]/g, "");

class ManualClock {
  time = 1_000;
  now = () => new Date(this.time);
  monotonic = () => this.time;
}

function accumulator(clock = new ManualClock(), maxEntries = 1000) {
  const secrets = [{ name: "API_TOKEN", value: SECRET }];
  return new SecretAccumulator(secrets, { clock, windowMs: 600_000, maxEntries });
}

function request(target: string, body = "", headers: Record<string, string> = {}) {
  const [path, query] = target.split("?");
  return shortValues({
    host: "api.example.com",
    path: path!,
    query: query ?? "",
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    body: Buffer.from(body),
  });
}

function slices(text: string, size: number): string[] {
  return text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
}

const SPLITS: Readonly<Record<string, string[]>> = {
  "one character per path": [...SECRET].map((c) => `/a/${encodeURIComponent(c)}`),
  "one character per query": [...SECRET].map((c, i) => `/?i=${i}&c=${encodeURIComponent(c)}`),
  "slices of eleven": slices(LETTERS, 11).map((part) => `/p/${part}`),
  "slices of eleven, last first": slices(LETTERS, 11).reverse().map((part) => `/p/${part}`),
  "slices of four, shuffled": ["Qm2Z", "9XvK", "w8Ld", "p9Xv", "Y3nH", "tRw8"].map((p) => `/${p}`),
  "slices in different fields": slices(LETTERS, 6).map((part, i) => `/x?${"abcdef"[i]}=${part}`),
  "slices in small letters": slices(LETTERS.toLowerCase(), 8).map((part) => `/${part}`),
  "slices, each in Base64": slices(LETTERS, 9).map((part) => `/?d=${btoa(part)}`),
  "slices of the Base64": slices(btoa(SECRET), 10).map((part) => `/?d=${part}`),
  "slices of the hex": slices(Buffer.from(SECRET).toString("hex"), 10).map((part) => `/${part}`),
};

for (const [name, targets] of Object.entries(SPLITS)) {
  Deno.test(`SecretAccumulator notices a secret in ${name}`, () => {
    const one = accumulator();
    const found = targets.flatMap((target) => one.push("api.example.com", request(target)));
    equal(found[0]?.rule, "API_TOKEN");
    deepEqual([found[0]!.severity, found[0]!.scattered], ["block", true]);
    ok(!JSON.stringify(found).includes(LETTERS.slice(6, 12)));
    // A request that adds nothing is no finding, though the parts before it are remembered.
    deepEqual(one.push("api.example.com", request("/v1/models?page=2")), []);
  });
}

Deno.test("SecretAccumulator adds up over hosts, bodies, headers and messages", () => {
  const one = accumulator();
  const [a, b, c] = slices(LETTERS.slice(6), 8) as [string, string, string];
  deepEqual(one.push("a.example.com", request("/", JSON.stringify({ note: a }))), []);
  const second = one.push("b.example.com", request("/", "", { "x-request-id": b }));
  equal(second.length, 1);
  equal(one.push("c.example.com", [{ slot: "message", value: c }]).length, 1);
});

Deno.test("SecretAccumulator forgets after its window", () => {
  const clock = new ManualClock();
  const one = accumulator(clock);
  for (const part of slices(LETTERS, 8)) {
    deepEqual(one.push("api.example.com", request(`/${part}`)), []);
    clock.time += 600_001;
  }
  for (const character of LETTERS) {
    deepEqual(one.push("api.example.com", request(`/${character}`)), []);
    clock.time += 600_001;
  }
});

Deno.test("SecretAccumulator says nothing about words, counts and ordinary requests", () => {
  const one = accumulator();
  const targets = ["/qz/live", "/live?mode=live", "/v1/7/2/9/4/8/3/6", "/2024/2025", "/api/v4tr"];
  for (const target of targets) deepEqual(one.push("api.example.com", request(target)), [], target);
});

Deno.test("SecretAccumulator ignores a weak secret", () => {
  const weak = new SecretAccumulator([{ name: "PIN", value: "hunter2!" }], {
    clock: new ManualClock(),
  });
  for (const part of ["hunt", "er2!"]) deepEqual(weak.push("example.com", request(`/${part}`)), []);
});

Deno.test("SecretAccumulator keeps a bounded number of places, whatever is sent", () => {
  const one = accumulator(new ManualClock(), 50);
  for (let index = 0; index < 500; index++) {
    one.push(`h${index}.example.com`, request(`/${"x".repeat(60)}?${"n".repeat(9000)}${index}=y`));
  }
  ok(one.size <= 50, `${one.size}`);
});

Deno.test("SecretAccumulator reports nothing for random short values", () => {
  const one = accumulator();
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 30 }), (values) => {
      const pieces = values.map((value, index) => ({ slot: `s${index % 4}`, value }));
      deepEqual(one.push("example.com", pieces), []);
    }),
    { seed: 7 },
  );
});
