import { deepEqual, equal } from "node:assert/strict";
import { KeyDecoder } from "./keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("KeyDecoder knows the keys of terminals, in both cursor modes", () => {
  const cases: readonly (readonly [string, string[]])[] = [
    ["\x1b[A\x1bOB", ["up", "down"]],
    ["\x1b[5~\x1b[6~", ["pageup", "pagedown"]],
    ["\x1b[H\x1b[4~\x1bOF", ["home", "end", "end"]],
    ["ajk?", ["a", "j", "k", "?"]],
    ["\r\x7f\x03\x15", ["enter", "backspace", "interrupt", "clear"]],
    ["ä漢", ["ä", "漢"]],
    // Of what nobody knows nothing is taken for a letter.
    ["\x1b[1;5A\x1b[200~x\x1b[I", ["x"]],
    ["\x00\x01", []],
  ];
  for (const [typed, keys] of cases) deepEqual(new KeyDecoder().push(bytes(typed)), keys);
});

Deno.test("KeyDecoder puts together what comes in parts", () => {
  const keys = new KeyDecoder();
  deepEqual(keys.push(bytes("\x1b")), []);
  equal(keys.unfinished, true);
  deepEqual(keys.push(bytes("[")), []);
  deepEqual(keys.push(bytes("B")), ["down"]);
  const [first, second] = [bytes("漢").slice(0, 1), bytes("漢").slice(1)];
  deepEqual([...keys.push(first), ...keys.push(second)], ["漢"]);
});

Deno.test("KeyDecoder takes a lone escape for the key, once nothing follows", () => {
  const keys = new KeyDecoder();
  keys.push(bytes("\x1b"));
  deepEqual(keys.flush(), ["escape"]);
  deepEqual(keys.flush(), []);
  deepEqual(keys.push(bytes("q")), ["q"]);
});
