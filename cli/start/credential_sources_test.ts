import assert from "node:assert/strict";
import { systemClock } from "../../core/clock.ts";
import { credentialSources } from "./credential_sources.ts";

async function inFolder(act: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await act(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const sources = (userHome: string) =>
  credentialSources({ env: () => undefined, clock: systemClock }, userHome);

Deno.test("file() reads below the home or by an absolute path, and tells that there is none", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/login`, "text");
    assert.equal(sources(folder).file("login"), "text");
    assert.equal(sources("/nowhere").file(`${folder}/login`), "text");
    assert.equal(sources(folder).file("none"), undefined);
  });
});

Deno.test("file() refuses at once what is no small text file, and says which", async () => {
  await inFolder(async (folder) => {
    const { success } = await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    assert.ok(success);
    Deno.mkdirSync(`${folder}/folder`);
    Deno.writeFileSync(`${folder}/bytes`, Uint8Array.of(0xff));
    Deno.writeTextFileSync(`${folder}/large`, "");
    Deno.truncateSync(`${folder}/large`, 2 ** 40);
    Deno.writeTextFileSync(`${folder}/below`, "");
    for (
      const [name, said] of [
        ["pipe", /it is no file/],
        ["folder", /it is no file/],
        ["bytes", /it is no text/],
        ["large", /too large/],
        ["below/login", /ENOTDIR|Not a directory/],
      ] as const
    ) {
      assert.throws(() => sources(folder).file(name), {
        code: "provider_credential",
        message: said,
        hint: /auth_token/,
      }, name);
    }
  });
});
