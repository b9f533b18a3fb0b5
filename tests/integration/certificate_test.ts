import assert from "node:assert/strict";
import {
  createAuthority,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";

Deno.test("openssl verify -x509_strict accepts a leaf for a name and for an address, and no other authority's", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const made = createAuthority("bot-bottle CA test", new Date());
    const other = createAuthority("bot-bottle CA test", new Date());
    await Deno.writeTextFile(`${folder}/ca.pem`, made.certificate);
    await Deno.writeTextFile(`${folder}/other.pem`, other.certificate);
    for (const host of ["api.example.com", "127.0.0.1"]) {
      const leaf = issueLeaf(loadAuthority(made), createLeafKey(), host, new Date());
      await Deno.writeTextFile(`${folder}/leaf.pem`, leaf.certificate);
      assert.equal(await verify(folder, "ca.pem"), 0, host);
      assert.notEqual(await verify(folder, "other.pem"), 0, host);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function verify(folder: string, authority: string): Promise<number> {
  const { code } = await new Deno.Command("openssl", {
    args: ["verify", "-x509_strict", "-CAfile", `${folder}/${authority}`, `${folder}/leaf.pem`],
    stdout: "null",
    stderr: "null",
  }).output();
  return code;
}
