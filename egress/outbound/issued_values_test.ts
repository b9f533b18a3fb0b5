import { equal } from "node:assert/strict";
import { IssuedValues } from "./issued_values.ts";

Deno.test("IssuedValues.has() knows a value for ten minutes, at the host that gave it alone", () => {
  let now = 0;
  const issued = new IssuedValues(() => now);
  issued.add("a.example.com", "x");
  equal(issued.has("a.example.com", "x"), true);
  equal(issued.has("b.example.com", "x"), false);
  equal(issued.has("a.example.com", "y"), false);
  now = 9 * 60_000;
  issued.add("a.example.com", "x");
  now = 18 * 60_000;
  equal(issued.has("a.example.com", "x"), true);
  now = 20 * 60_000;
  equal(issued.has("a.example.com", "x"), false);
});

Deno.test("IssuedValues.add() forgets what was given longest ago", () => {
  const issued = new IssuedValues(() => 0);
  for (let value = 0; value <= 4_096; value++) issued.add("a.example.com", String(value));
  equal(issued.has("a.example.com", "0"), false);
  equal(issued.has("a.example.com", "1"), true);
});
