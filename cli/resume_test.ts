import { equal } from "node:assert/strict";
import { laterSkills, versionLine } from "./resume.ts";

Deno.test("versionLine() says that the agent's CLI is another one than ran last, and nothing otherwise", () => {
  const record = { slug: "box", toolchain: "claude-1.2.3-linux-x64-abc" };
  equal(
    versionLine(record, "/h/toolchains/claude-1.3.0-linux-x64-abc"),
    "box ran with version 1.2.3 of its agent, and has 1.3.0 now",
  );
  equal(versionLine(record, "/h/toolchains/claude-1.2.3-linux-x64-def"), undefined);
  equal(versionLine({ slug: "box" }, "/h/toolchains/claude-1.2.3-linux-x64-def"), undefined);
  equal(versionLine(record, undefined), undefined);
});

Deno.test("laterSkills() names the skills that the agent got after its bottle was made", () => {
  const record = { slug: "box", skills: ["a"] };
  equal(laterSkills(record, ["a"]), undefined);
  equal(laterSkills(record, []), undefined);
  equal(
    laterSkills(record, ["a", "b", "c"]),
    "box was made without skill b, c: a new bottle will have it",
  );
});
