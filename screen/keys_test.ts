import { deepEqual, equal } from "node:assert/strict";
import { KeyDecoder, PASTED } from "./keys.ts";
import { typeInto } from "./type_into.ts";

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
    ["\x1b[1;5A\x1b[24~x\x1b[I", ["x"]],
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

Deno.test("KeyDecoder takes a paste for one key, however it is cut into parts", () => {
  const typed = "a\x1b[200~y\rn\x1b[Aä\x1b[201~b";
  const expected = ["a", `${PASTED}y\rn\x1b[Aä`, "b"];
  deepEqual(new KeyDecoder().push(bytes(typed)), expected);
  const keys = new KeyDecoder();
  const found: string[] = [];
  for (const byte of bytes(typed)) found.push(...keys.push(Uint8Array.of(byte)));
  deepEqual(found, expected);
});

Deno.test("KeyDecoder waits for the end of a paste, bounds it, and lets Ctrl-C leave it", () => {
  const keys = new KeyDecoder();
  deepEqual(keys.push(bytes(`\x1b[200~${"x".repeat(100_000)}\x1b[2`)), []);
  equal(keys.unfinished, false, "no Escape comes of it");
  const [pasted] = keys.push(bytes("01~"));
  equal(pasted, PASTED + "x".repeat(8192));
  deepEqual(keys.push(bytes("\x1b[200~never ends")), []);
  deepEqual(keys.push(bytes("\x03")), ["interrupt"]);
  deepEqual(keys.push(bytes("y")), ["y"]);
});

Deno.test("typeInto() makes one line of a paste, as far as there is room", () => {
  equal(typeInto("> ", `${PASTED}one\r\ntwo\u2028three\x1b[A\n`), "> one two three [A");
  equal(typeInto("", `${PASTED}abc`, 2), "ab");
  equal(typeInto("", `${PASTED}a\u{1f600}`, 2), "a", "no half of a character");
  equal(typeInto("x", "up"), "x");
});
