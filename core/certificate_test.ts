import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createAuthority, createLeafKey, issueLeaf, loadAuthority } from "./certificate.ts";

const now = new Date("2026-01-02T03:04:05Z");

Deno.test("issueLeaf() makes a certificate that its authority verifies and that names exactly one host", () => {
  const made = createAuthority("bot-bottle CA test", now);
  const leaf = new X509Certificate(
    issueLeaf(loadAuthority(made), createLeafKey(), "api.example.com", now).certificate,
  );
  const ca = new X509Certificate(made.certificate);
  assert.equal(leaf.verify(ca.publicKey), true);
  assert.equal(leaf.subjectAltName, "DNS:api.example.com");
  assert.equal(leaf.ca, false);
  assert.equal(ca.ca, true);
});

Deno.test("issueLeaf() writes an address as an address, not as a name", () => {
  const authority = loadAuthority(createAuthority("bot-bottle CA test", now));
  const leaf = new X509Certificate(
    issueLeaf(authority, createLeafKey(), "127.0.0.1", now).certificate,
  );
  assert.equal(leaf.subjectAltName, "IP Address:127.0.0.1");
});

Deno.test("issueLeaf() tolerates an hour of skew and never outlives its authority", () => {
  const authority = loadAuthority(createAuthority("bot-bottle CA test", now));
  const late = new Date(now.getTime() + 89 * 86_400_000);
  const leaf = new X509Certificate(
    issueLeaf(authority, createLeafKey(), "a.example.com", late).certificate,
  );
  assert.equal(new Date(leaf.validFrom).getTime(), late.getTime() - 3_600_000);
  assert.equal(new Date(leaf.validTo).getTime(), authority.notAfter.getTime());
});

Deno.test("loadAuthority() refuses a key that is not the certificate's", () => {
  const one = createAuthority("one", now);
  const other = createAuthority("other", now);
  assert.throws(
    () => loadAuthority({ certificate: one.certificate, key: other.key }),
    /Cannot load CA/,
  );
});
