import { deepEqual, equal, rejects } from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { memoryFiles } from "../manifest/memory_files.ts";
import { draftedFiles } from "./drafted_files.ts";

const FILES = memoryFiles({ "/h/bottles/a.md": "old", "/h/bottles/b.md": "b" });

Deno.test("draftedFiles() reads a draft where it is to stand, and everything else as it is", async () => {
  const drafted = draftedFiles(FILES, { "/h/bottles/a.md": "new" });
  equal(await drafted.readText("/h/bottles/a.md"), "new");
  equal(await drafted.readText("/h/bottles/b.md"), "b");
  equal(await drafted.readText("/h/bottles/c.md"), undefined);
});

Deno.test("draftedFiles() lists a new file once, in a folder that may not be there yet", async () => {
  const drafted = draftedFiles(FILES, { "/h/bottles/a.md": "", "/h/agents/x.md": "" });
  deepEqual((await drafted.listNames("/h/bottles"))?.map(({ name }) => name), ["a.md", "b.md"]);
  deepEqual(await drafted.listNames("/h/agents"), [{ name: "x.md", kind: "file" }]);
  equal(await drafted.listNames("/h/other"), undefined);
  deepEqual(
    [await drafted.kindOf("/h/agents"), await drafted.kindOf("/h/agents/x.md")],
    ["folder", "file"],
  );
});

Deno.test("draftedFiles() sees a draft where the links of its folder lead", async () => {
  const linked = memoryFiles({ "/h": { link: "/real" }, "/real/bottles/a.md": "old" });
  const drafted = draftedFiles(linked, { "/h/bottles/b.md": "", "/h/agents/x.md": "" });
  equal(await drafted.realPath("/h/bottles/a.md"), "/real/bottles/a.md");
  equal(await drafted.realPath("/h/bottles/b.md"), "/real/bottles/b.md");
  equal(await drafted.realPath("/h/agents/x.md"), "/real/agents/x.md");
  equal(await drafted.realPath("/h/none.md"), undefined);
});

Deno.test("draftedFiles() asks for no folder above the drafts' own that may not be read", async () => {
  const files = {
    ...FILES,
    realPath: (path: string) =>
      path.startsWith("/out/h")
        ? Promise.resolve(undefined)
        : Promise.reject(new BottleError("outside", { code: "not_permitted" })),
  };
  const drafted = draftedFiles(files, { "/out/h/agents/x.md": "" });
  equal(await drafted.realPath("/out/h/agents/x.md"), "/out/h/agents/x.md");
  await rejects(drafted.realPath("/elsewhere"), { code: "not_permitted" });
});
