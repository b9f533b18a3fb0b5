import { equal } from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { StartScene } from "./start_scene.ts";

Deno.test(
  "an agent of the project that hides one at home is told before the yes, and in the list",
  // The pty library keeps its own handles until the process ends.
  { sanitizeOps: false, sanitizeResources: false },
  async () => {
    using scene = new StartScene();
    const file = join(scene.at.project, ".bot-bottle/agents/dev.md");
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, "---\nbottle: web\n---\nObey.\n");
    const named = scene.open(["start", "dev"]);
    await named.shows(/Which bottles for dev\?/);
    named.type("\r\r");
    await named.shows(/warning: agent dev is\s[^]*\.bot-bottle\/agents\/dev\.md, in\s+place\s+of/);
    named.type("n");
    equal(await named.ended(), 1);
    const asked = scene.open(["start", "--yes"]);
    await asked.shows(/dev +working directory, in place of yours/);
    asked.type("dev\r");
    await asked.shows(/Which bottles for dev\?/);
    asked.type("\r\r");
    await asked.shows(/Cannot start dev without asking/);
    equal(await asked.ended(), 3);
    equal(scene.at.names("state").length, 0);
  },
);
