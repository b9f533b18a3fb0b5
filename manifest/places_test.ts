import assert from "node:assert/strict";
import { expandHome, isWithin, manifestPlaces } from "./places.ts";

const places = (env: Record<string, string>) => manifestPlaces((name) => env[name], "/src/app/");

Deno.test("manifestPlaces() uses ~/.bot-bottle, or what BOT_BOTTLE_HOME names", () => {
  assert.deepEqual(places({ HOME: "/home/me/" }), {
    home: "/home/me/.bot-bottle",
    userHome: "/home/me",
    workingDirectory: "/src/app",
  });
  assert.equal(places({ HOME: "/home/me", BOT_BOTTLE_HOME: "/srv/../opt/bb/" }).home, "/opt/bb");
  assert.equal(places({ HOME: "/home/me", BOT_BOTTLE_HOME: "" }).home, "/home/me/.bot-bottle");
});

Deno.test("manifestPlaces() refuses a home that depends on the working directory", () => {
  for (
    const env of [{}, { HOME: "" }, { HOME: "me" }, { HOME: "/h", BOT_BOTTLE_HOME: ".bot-bottle" }]
  ) {
    assert.throws(() => places(env as Record<string, string>), { code: "manifest_home", exit: 3 });
  }
});

Deno.test("expandHome() resolves ~ and dot segments by text", () => {
  assert.equal(expandHome("~/a/../b/", "/home/me"), "/home/me/b");
  assert.equal(expandHome("~", "/home/me"), "/home/me");
  assert.equal(expandHome("/a//b/./c/..", "/home/me"), "/a/b");
  assert.equal(expandHome("~/../..", "/home/me"), "/");
});

Deno.test("isWithin() compares whole path segments", () => {
  assert.ok(isWithin("/a/b", "/a"));
  assert.ok(isWithin("/a", "/a"));
  assert.ok(isWithin("/a", "/"));
  assert.ok(!isWithin("/ab", "/a"));
  assert.ok(!isWithin("/a", "/a/b"));
});
