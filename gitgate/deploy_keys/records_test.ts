import { deepEqual, equal, throws } from "node:assert/strict";
import { type DeployKeyRecord, DeployKeyRecords } from "./records.ts";

const record: DeployKeyRecord = {
  version: 1,
  nonce: "00112233445566aa",
  slug: "dev",
  repo: "app",
  provider: "gitea",
  api: "https://git.example.org/api/v1",
  project: "team/app",
  title: "bot-bottle dev 00112233445566aa",
  public_key: "ssh-ed25519 AAAA",
  fingerprint: "SHA256:x",
  token_ref: "FORGE_TOKEN",
  key_id: null,
  created_at: "2026-01-02T03:04:05.000Z",
};

function scratch(): { folder: string } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });
  return {
    folder: `${folder}/deploy-keys`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("DeployKeyRecords writes private files, replaces them, and gives them back oldest first", () => {
  using at = scratch();
  const records = new DeployKeyRecords(at.folder);
  deepEqual(records.read(), { records: [], unreadable: [] });
  const later = { ...record, nonce: "0000000000000000", created_at: "2026-01-03T00:00:00.000Z" };
  records.write(later);
  records.write(record);
  records.write({ ...record, key_id: 5 });
  deepEqual(records.read(), { records: [{ ...record, key_id: 5 }, later], unreadable: [] });
  equal(Deno.statSync(at.folder).mode! & 0o777, 0o700);
  equal(Deno.statSync(`${at.folder}/${record.nonce}.json`).mode! & 0o777, 0o600);
  records.remove(record);
  records.remove(record);
  deepEqual(records.read().records, [later]);
});

Deno.test("DeployKeyRecords names files that are no records and leaves them alone", () => {
  using at = scratch();
  const records = new DeployKeyRecords(at.folder);
  records.write(record);
  const text = JSON.stringify(record);
  const wrong: Record<string, string> = {
    "00000000000000a1": "{",
    "00000000000000a2": "null",
    "00000000000000a3": text, // another record's nonce
    "00000000000000a4": text.replace(record.nonce, "00000000000000a4").replace("gitea", "bazaar"),
    "00000000000000a5": text.replace(record.nonce, "00000000000000a5").replace("{", '{"more":1,'),
    "00000000000000a6": " ".repeat(20_000) + text.replace(record.nonce, "00000000000000a6"),
  };
  for (const [name, content] of Object.entries(wrong)) {
    Deno.writeTextFileSync(`${at.folder}/${name}.json`, content);
  }
  Deno.symlinkSync(`${record.nonce}.json`, `${at.folder}/00000000000000a7.json`);
  Deno.writeTextFileSync(`${at.folder}/${record.nonce}.json.1-2.tmp`, "torn");
  const read = records.read();
  deepEqual(read.records, [record]);
  deepEqual(
    read.unreadable,
    [...Object.keys(wrong), "00000000000000a7"].map((name) => `${at.folder}/${name}.json`),
  );
});

Deno.test("DeployKeyRecords says when a record cannot be written", () => {
  using at = scratch();
  Deno.writeTextFileSync(at.folder, "a file where the folder should be");
  throws(() => new DeployKeyRecords(at.folder).write(record));
});
