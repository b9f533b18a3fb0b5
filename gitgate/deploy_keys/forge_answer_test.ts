import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { forgeMessage, hasNextPage, isRateLimited, quotable, retryDelay } from "./forge_answer.ts";

const token = `tok_${randomBytes(20).toString("hex")}`;
const answer = (status: number, headers: Record<string, string>, body = "") => ({
  status,
  headers: new Map(Object.entries(headers)),
  body,
});

Deno.test("forgeMessage() reads the shapes in which the forges explain themselves", () => {
  const rows: readonly [unknown, string][] = [
    [{ message: "Not Found", documentation_url: "https://docs.github.com/" }, "Not Found"],
    [
      {
        message: "Validation Failed",
        errors: [{ field: "key", message: "key is already in use" }],
      },
      "Validation Failed: key is already in use",
    ],
    [
      { message: { "deploy_key.fingerprint": ["has already been taken"] } },
      "deploy_key.fingerprint has already been taken",
    ],
    [
      { error: "insufficient_scope", error_description: "needs api" },
      "insufficient_scope: needs api",
    ],
    [{ errors: null, message: "not found" }, "not found"],
    [{ message: 7 }, ""],
    [["x"], ""],
    [null, ""],
  ];
  for (const [body, expected] of rows) {
    equal(forgeMessage(answer(422, {}, JSON.stringify(body)), token), expected);
  }
  equal(
    forgeMessage(answer(429, { "content-type": "text/plain" }, "Retry later\n"), token),
    "Retry later",
  );
  equal(forgeMessage(answer(502, { "content-type": "text/html" }, "<html>x</html>"), token), "");
});

Deno.test("forgeMessage() gives one short line without control characters", () => {
  const hostile = "a\x1b[2Jb\u202ec\r\nd\u200b" + "x".repeat(1000);
  const line = forgeMessage(answer(400, {}, JSON.stringify({ message: hostile })), token);
  match(line, /^a\ufffd\[2Jb\ufffdc d\ufffdx+…$/);
  ok(line.length <= 301);
});

Deno.test("quotable() leaves a message out that repeats the token in any form", () => {
  const spread = [...token].join("\u200b");
  for (
    const form of [
      token,
      Buffer.from(token).toString("base64"),
      Buffer.from(`xy${token}`).toString("base64"),
      Buffer.from(token).toString("hex"),
      token.toUpperCase(),
      [...token].reverse().join(""),
      `${token.slice(0, 9)}\n${token.slice(9)}`,
      spread,
    ]
  ) {
    const shown = quotable(`bad token ${form}, go away`, token);
    equal(shown, "(its message is left out because it repeats the token)", form);
  }
  equal(quotable("bad token", token), "bad token");
});

Deno.test("retryDelay() reads seconds, dates and the reset times of GitHub and GitLab", () => {
  const now = new Date("2026-01-02T03:04:05Z");
  const epoch = Math.floor(now.getTime() / 1000);
  const rows: readonly [Record<string, string>, number | undefined][] = [
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": " 0 " }, 0],
    [{ "retry-after": "Fri, 02 Jan 2026 03:04:15 GMT" }, 10_000],
    [{ "retry-after": "Fri, 02 Jan 2026 03:04:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, 0], // a date to ECMAScript, long past
    [{ "x-ratelimit-reset": String(epoch + 3) }, 3000],
    [{ "ratelimit-reset": String(epoch + 4) }, 4000],
    [{ "x-ratelimit-reset": String(epoch - 4) }, 0],
    [{}, undefined],
  ];
  for (const [headers, expected] of rows) {
    equal(retryDelay(answer(429, headers), now), expected, JSON.stringify(headers));
  }
});

Deno.test("isRateLimited() knows GitHub's 403 from a refusal", () => {
  deepEqual(
    [
      isRateLimited(answer(429, {})),
      isRateLimited(answer(403, { "retry-after": "60" })),
      isRateLimited(answer(403, { "x-ratelimit-remaining": "0" })),
      isRateLimited(answer(403, { "x-ratelimit-remaining": "4999" })),
      isRateLimited(answer(403, {})),
    ],
    [true, true, true, false, false],
  );
});

Deno.test("hasNextPage() reads each forge's way of saying that a list ends, and goes on when none is there", () => {
  const rows: readonly [Record<string, string>, number, number, boolean][] = [
    [{}, 0, 100, false],
    [{}, 30, 30, true],
    [{ "x-total-count": "31" }, 30, 30, true],
    [{ "x-total-count": "30" }, 30, 30, false],
    [{ "x-next-page": "2" }, 20, 20, true],
    [{ "x-next-page": "", link: '<https://x.example/>; rel="first"' }, 20, 20, false],
    [
      { link: '<https://x.example/?page=2>; rel="next", <https://x.example/>; rel="last"' },
      30,
      30,
      true,
    ],
    [{ link: '<https://x.example/?page=1>; rel="prev"' }, 30, 60, false],
  ];
  for (const [headers, onPage, seen, expected] of rows) {
    equal(hasNextPage(answer(200, headers), onPage, seen), expected, JSON.stringify(headers));
  }
});
