import assert from "node:assert/strict";
import { openRelay } from "./relay.ts";

/** A unix socket server for a test; `serve` gets each connection. */
function unixServer(path: string, serve: (conn: Deno.UnixConn) => Promise<void>) {
  const listener = Deno.listen({ transport: "unix", path });
  const running: Promise<void>[] = [];
  const accepting = (async () => {
    try {
      for (;;) running.push(serve(await listener.accept()).catch(() => {}));
    } catch {
      // Closed at the end of the test.
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(running);
    },
  };
}

async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(conn.readable).arrayBuffer());
}

async function folder() {
  const path = await Deno.makeTempDir({ prefix: "relay-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

Deno.test("openRelay() passes a large body both ways, whole, for a second connection too", async () => {
  await using place = await folder();
  const socket = `${place.path}/s.sock`;
  await using _server = unixServer(socket, async (conn) => {
    await conn.readable.pipeTo(conn.writable);
  });
  const relay = openRelay([{ port: 0, socket }]);
  const sent = new Uint8Array(8 * 1024 * 1024);
  for (let at = 0; at < sent.length; at += 65536) {
    crypto.getRandomValues(sent.subarray(at, at + 65536));
  }
  for (const _turn of [1, 2]) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: relay.ports[0]! });
    const writing = new Response(sent).body!.pipeTo(conn.writable, { preventClose: true })
      .then(() => conn.closeWrite());
    const back = await readAll(conn);
    await writing;
    assert.equal(back.length, sent.length);
    assert.ok(back.every((byte, i) => byte === sent[i]));
  }
  await settle();
  assert.equal(relay.connections(), 0);
  relay.close();
});

Deno.test("openRelay() passes a half-close on and goes on in the other direction", async () => {
  await using place = await folder();
  const socket = `${place.path}/s.sock`;
  await using _server = unixServer(socket, async (conn) => {
    const request = await readUntilEnd(conn);
    await conn.write(new TextEncoder().encode(`answer to ${request}`));
    conn.close();
  });
  const relay = openRelay([{ port: 0, socket }]);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: relay.ports[0]! });
  await conn.write(new TextEncoder().encode("question"));
  await conn.closeWrite();
  assert.equal(new TextDecoder().decode(await readAll(conn)), "answer to question");
  relay.close();
  await settle();
});

async function readUntilEnd(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(1024);
  let text = "";
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return text;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

Deno.test("openRelay() closes the client while the sidecar is away, and works again when it is back", async () => {
  await using place = await folder();
  const socket = `${place.path}/s.sock`;
  const relay = openRelay([{ port: 0, socket }]);
  const attempt = async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: relay.ports[0]! });
    return new TextDecoder().decode(await readAll(conn));
  };
  assert.equal(await attempt(), "");
  {
    await using _server = unixServer(socket, async (conn) => {
      await conn.write(new TextEncoder().encode("here"));
      conn.close();
    });
    assert.equal(await attempt(), "here");
  }
  assert.equal(await attempt(), "");
  relay.close();
  await settle();
});

Deno.test("openRelay() refuses a connection beyond its bound and takes one when another ended", async () => {
  await using place = await folder();
  const socket = `${place.path}/s.sock`;
  await using _server = unixServer(socket, async (conn) => {
    await conn.readable.pipeTo(conn.writable);
  });
  const relay = openRelay([{ port: 0, socket }], 2);
  const open = () => Deno.connect({ hostname: "127.0.0.1", port: relay.ports[0]! });
  const echoes = async (conn: Deno.Conn) => {
    try {
      await conn.write(new Uint8Array([7]));
      return await conn.read(new Uint8Array(1)) === 1;
    } catch {
      return false;
    }
  };
  const first = await open();
  const second = await open();
  assert.deepEqual([await echoes(first), await echoes(second)], [true, true]);
  const third = await open();
  assert.equal(await echoes(third), false);
  third.close();
  first.close();
  await settle();
  const fourth = await open();
  assert.equal(await echoes(fourth), true);
  fourth.close();
  second.close();
  await settle();
  relay.close();
});

Deno.test("openRelay() waits for a slow reader instead of holding what it sends", async () => {
  await using place = await folder();
  const socket = `${place.path}/s.sock`;
  let taken = 0;
  await using _server = unixServer(socket, async (conn) => {
    try {
      for (;;) taken += await conn.write(new Uint8Array(65536));
    } catch {
      // The client is gone.
    } finally {
      conn.close();
    }
  });
  const relay = openRelay([{ port: 0, socket }]);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: relay.ports[0]! });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const held = taken;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(taken, held); // nothing moves while nobody reads
  assert.ok(held < 64 * 1024 * 1024, `${held} bytes in flight`);
  conn.close();
  await settle();
  relay.close();
});
