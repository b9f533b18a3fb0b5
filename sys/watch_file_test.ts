import { equal } from "node:assert/strict";
import { replaceFile } from "./atomic_file.ts";
import { watchFile } from "./watch_file.ts";

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !done(); i++) await new Promise((wake) => setTimeout(wake, 10));
}

Deno.test("watchFile() reports each replacement, and nothing after its disposal", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    const path = `${folder}/generation`;
    let changes = 0;
    {
      using _watch = watchFile(path, () => changes++, { pollMs: 20 });
      replaceFile(path, "1", 0o600);
      await until(() => changes === 1);
      equal(changes, 1);
      replaceFile(path, "2", 0o600);
      await until(() => changes === 2);
      equal(changes, 2);
      replaceFile(`${folder}/other`, "x", 0o600);
      await new Promise((wake) => setTimeout(wake, 60));
      equal(changes, 2);
    }
    replaceFile(path, "3", 0o600);
    await new Promise((wake) => setTimeout(wake, 60));
    equal(changes, 2);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("watchFile() works by the poll alone when the folder does not exist yet", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    let changes = 0;
    using _watch = watchFile(`${folder}/later/generation`, () => changes++, { pollMs: 20 });
    Deno.mkdirSync(`${folder}/later`);
    replaceFile(`${folder}/later/generation`, "1", 0o600);
    await until(() => changes === 1);
    equal(changes, 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
