import { match, notEqual } from "node:assert/strict";
import { makeCanary } from "./canary.ts";

Deno.test("makeCanary() makes a plausible name and 40 random characters, another each time", () => {
  const random = (bytes: Uint8Array) =>
    void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
  const [one, two] = [makeCanary(random), makeCanary(random)];
  match(one.name, /^[A-Z]+_[A-Z]+_(SECRET|API_KEY|ACCESS_KEY|PASSWORD)$/);
  match(one.value, /^[A-Za-z0-9_-]{40}$/);
  notEqual(one.value, two.value);
});
