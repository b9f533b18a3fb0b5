import { deepEqual, equal, throws } from "node:assert/strict";
import { replaceFile } from "./atomic_file.ts";

Deno.test("replaceFile() replaces content and mode, and leaves no temporary file", () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    const path = `${folder}/routes.yaml`;
    replaceFile(path, "one", 0o644);
    replaceFile(path, new TextEncoder().encode("two"), 0o600);
    equal(Deno.readTextFileSync(path), "two");
    equal(Deno.statSync(path).mode! & 0o777, 0o600);
    deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["routes.yaml"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("replaceFile() replaces a symbolic link and not what it points to", () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    Deno.writeTextFileSync(`${folder}/target`, "untouched");
    Deno.symlinkSync("target", `${folder}/link`);
    replaceFile(`${folder}/link`, "new", 0o600);
    equal(Deno.readTextFileSync(`${folder}/target`), "untouched");
    equal(Deno.lstatSync(`${folder}/link`).isFile, true);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("replaceFile() removes its temporary file when the rename fails", () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    Deno.mkdirSync(`${folder}/taken/inner`, { recursive: true });
    throws(() => replaceFile(`${folder}/taken`, "x", 0o600));
    deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["taken"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
