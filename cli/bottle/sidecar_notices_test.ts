import { deepEqual } from "node:assert/strict";
import { createLog } from "../../sys/log.ts";
import { SidecarNotices } from "./sidecar_notices.ts";

function notices(): { said: string[]; notices: SidecarNotices } {
  const said: string[] = [];
  const made = new SidecarNotices(createLog("info", (text) => said.push(text)));
  return { said, notices: made };
}

Deno.test("what the sidecar says before the command starts is passed on, what it says later waits for its end", () => {
  const { said, notices: the } = notices();
  the.take("bot-bottle: the secret SHORT is weak");
  the.release();
  the.hold();
  the.take("bot-bottle: a deploy key is left");
  the.take("bot-bottle: a deploy key is left");
  deepEqual(said.length, 1);
  the.release();
  deepEqual(said.map((text) => text.includes("a deploy key is left")), [false, true]);
});

Deno.test("an escape sequence in a notice is shown, not obeyed", () => {
  const { said, notices: the } = notices();
  the.take("bot-bottle: \x1b[2Jgone");
  the.release();
  deepEqual(said.join("").includes("\x1b[2J"), false);
});

Deno.test("a flood of notices is counted, not kept", () => {
  const { said, notices: the } = notices();
  the.hold();
  for (let i = 0; i < 1000; i++) the.take(`notice ${i}`);
  the.release();
  deepEqual(said.length, 21);
});

Deno.test("a sidecar that never serves is not heard: its error says why", () => {
  const { said, notices: the } = notices();
  the.take("bot-bottle: The sidecar failed");
  deepEqual(said, []);
});
