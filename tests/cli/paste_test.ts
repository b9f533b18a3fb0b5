import assert from "node:assert/strict";
import { Screen } from "./pty.ts";
import { LAUNCHER, Scratch } from "./support.ts";

Deno.test(
  "what is pasted into a question answers none, and afterwards the terminal marks no paste any more",
  {
    // The pty library keeps its own handles until the process ends.
    sanitizeOps: false,
    sanitizeResources: false,
  },
  async () => {
    using at = new Scratch();
    at.bottle("plain", "env: { MODE: plain }");
    at.agent("dev", "bottle: plain");
    using screen = new Screen(LAUNCHER, ["start"], {
      cwd: at.project,
      env: { ...at.env(), TERM: "xterm-256color" },
    });
    await screen.shows(/Which agent\?/);
    assert.ok(screen.modes().bracketedPasteMode);
    screen.type("\x1b[200~dev\r\ry\r\x1b[201~");
    await screen.shows(/Filter: dev y/);
    screen.type("\x15");
    await screen.shows(/> dev /);
    screen.type("\r");
    await screen.shows(/Label and colour/);
    screen.type("\x1b[200~two\rlines\r\x1b[201~");
    await screen.shows(/two lines/);
    screen.type("\r");
    await screen.shows(/\[y\/N\]/);
    screen.type("\x1b[200~y\r\x1b[201~");
    await screen.shows(/Press y or n/);
    screen.type("\x03");
    assert.equal(await screen.ended(), 130);
    assert.equal(screen.modes().bracketedPasteMode, false);
    assert.deepEqual(at.names("state"), []);
  },
);
