import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateDeployKeyPair } from "./key_pair.ts";

async function sshKeygen(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("ssh-keygen", {
    args,
    stdin: "null",
  }).output();
  return { code, text: new TextDecoder().decode(code === 0 ? stdout : stderr).trim() };
}

Deno.test("generateDeployKeyPair() writes a file from which ssh-keygen derives the same public key and fingerprint", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    // Comments of eight lengths in a row need every amount of padding, none among them.
    for (const comment of ["", "a", "ab", "abc", "abcd", "bot-bottle dev 1", "abcdef", "abcdefg"]) {
      const pair = await generateDeployKeyPair(comment);
      const path = `${folder}/key${comment.length}`;
      Deno.writeFileSync(path, pair.privateKey, { mode: 0o600 });
      const derived = await sshKeygen("-y", "-f", path);
      deepEqual(derived, { code: 0, text: pair.publicKey }, JSON.stringify(comment));
      const listed = await sshKeygen("-l", "-f", path);
      equal(listed.code, 0, listed.text);
      deepEqual(listed.text.split(" ").slice(0, 2), ["256", pair.fingerprint]);
      match(listed.text, /\(ED25519\)$/);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("generateDeployKeyPair() writes a file that ssh-keygen signs with, and the public key verifies it", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  try {
    const pair = await generateDeployKeyPair("bot-bottle dev");
    Deno.writeFileSync(`${folder}/key`, pair.privateKey, { mode: 0o600 });
    Deno.writeTextFileSync(`${folder}/message`, "hello");
    Deno.writeTextFileSync(`${folder}/allowed`, `me@example.org ${pair.publicKey}\n`);
    const signed = await sshKeygen(
      "-Y",
      "sign",
      "-f",
      `${folder}/key`,
      "-n",
      "file",
      `${folder}/message`,
    );
    equal(signed.code, 0, signed.text);
    const verify = async (text: string) => {
      const child = new Deno.Command("ssh-keygen", {
        args: [
          "-Y",
          "verify",
          "-f",
          `${folder}/allowed`,
          "-I",
          "me@example.org",
          "-n",
          "file",
          "-s",
          `${folder}/message.sig`,
        ],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
      return (await child.status).code;
    };
    equal(await verify("hello"), 0);
    notEqual(await verify("hullo"), 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("generateDeployKeyPair() makes another key each time", async () => {
  const one = await generateDeployKeyPair("x");
  const other = await generateDeployKeyPair("x");
  notEqual(one.publicKey, other.publicKey);
  notEqual(Buffer.from(one.privateKey).toString(), Buffer.from(other.privateKey).toString());
});

Deno.test("generateDeployKeyPair() refuses a comment that would end the line", async () => {
  await rejects(() => generateDeployKeyPair("a\nssh-ed25519 AAAA"), /not ASCII/);
});
