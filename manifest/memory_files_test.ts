import assert from "node:assert/strict";
import { memoryFiles } from "./memory_files.ts";

const files = memoryFiles({
  "/a/b/x.md": "text",
  "/link": { link: "a/b" },
  "/a/up": { link: "../a/b/x.md" },
  "/a/round": { link: "/a/round" },
});

Deno.test("memoryFiles() follows links when it reads, and not when it asks what stands there", async () => {
  assert.equal(await files.readText("/link/x.md"), "text");
  assert.equal(await files.readText("/a/up"), "text");
  assert.equal(await files.kindOf("/link"), "symlink");
  assert.equal(await files.kindOf("/link/x.md"), "file");
  assert.equal(await files.kindOf("/a"), "folder");
  assert.equal(await files.realPath("/link/../a/up"), "/a/b/x.md");
});

Deno.test("memoryFiles() has undefined for what is not there, and for a link to itself", async () => {
  assert.equal(await files.readText("/nope"), undefined);
  assert.equal(await files.readText("/a/round"), undefined);
  assert.equal(await files.realPath("/a/round"), undefined);
  assert.equal(await files.listNames("/a/b/x.md"), undefined);
  assert.deepEqual(await files.listNames("/a"), [
    { name: "b", kind: "folder" },
    { name: "up", kind: "symlink" },
    { name: "round", kind: "symlink" },
  ]);
});
