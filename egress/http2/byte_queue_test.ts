import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteQueue } from "./byte_queue.ts";

Deno.test("what goes into a queue comes out in its order, whatever the sizes", () => {
  const step = fc.oneof(
    fc.record({ push: fc.constantFrom(0, 1, 2, 300, 4_095, 4_096, 4_097, 16_384) }),
    fc.record({ take: fc.constantFrom(0, 1, 5, 4_096, 16_384) }),
    fc.constant({ shift: true }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const queue = new ByteQueue();
    const [pushed, taken]: [Buffer[], Buffer[]] = [[], []];
    for (const [i, step] of steps.entries()) {
      if ("push" in step) {
        pushed.push(Buffer.alloc(step.push, i + 1));
        queue.push(pushed.at(-1)!);
      } else if ("take" in step) {
        const most = Math.min(step.take, queue.size);
        taken.push(queue.take(step.take));
        assert.equal(taken.at(-1)!.length, most);
      } else taken.push(queue.shift() ?? Buffer.alloc(0));
    }
    taken.push(queue.take(Infinity));
    assert.equal(queue.size, 0);
    assert.ok(Buffer.concat(taken).equals(Buffer.concat(pushed)));
  }));
});

Deno.test("a queue keeps memory of about the size of its bytes, however small the pieces", () => {
  for (const size of [1, 100, 4_000, 4_096, 20_000]) {
    const queue = new ByteQueue();
    for (let i = 0; i < 65_536; i += size) {
      queue.push(Buffer.from(new ArrayBuffer(65_536), 0, size));
    }
    const kept = new Set<ArrayBufferLike>();
    let pieces = 0;
    for (let bytes = queue.shift(); bytes !== undefined; bytes = queue.shift()) {
      kept.add(bytes.buffer);
      pieces++;
    }
    const memory = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(memory < 3 * 65_536, `${memory} bytes for pieces of ${size}`);
    assert.ok(pieces <= 32, `${pieces} pieces`);
  }
});
