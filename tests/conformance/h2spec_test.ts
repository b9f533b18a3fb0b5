import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { ALLOWED, Scene } from "../attacks/egress_scene.ts";
import { plainAnswer } from "../support/recording_upstream.ts";

const program = Deno.env.get("BOT_BOTTLE_H2SPEC") ?? "";

/** Cases of RFC 7540, section 5.3.1; RFC 9113, section 5.3.2 took priorities out of the protocol. */
const OUTDATED = [
  "Sends HEADERS frame that depend on itself",
  "Sends PRIORITY frame that depend on itself",
];

/** A port that leads into tunnels to the allowed host: h2spec knows no proxies. */
function tunnels(proxy: number): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const serve = async (client: Deno.TcpConn) => {
    const upstream = await Deno.connect({ hostname: "127.0.0.1", port: proxy });
    open.add(client).add(upstream);
    const connect = `CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}:443\r\n\r\n`;
    await upstream.write(new TextEncoder().encode(connect));
    const one = new Uint8Array(1);
    for (let head = ""; !head.endsWith("\r\n\r\n"); head += String.fromCharCode(one[0]!)) {
      assert.notEqual(await upstream.read(one), null, "the proxy refused the tunnel");
    }
    await Promise.allSettled([
      client.readable.pipeTo(upstream.writable),
      upstream.readable.pipeTo(client.writable),
    ]);
    open.delete(client);
    open.delete(upstream);
  };
  const ended = (async () => {
    const served: Promise<void>[] = [];
    for await (const client of listener) served.push(serve(client));
    await Promise.all(served);
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch { /* its pipe has closed it */ }
      }
      await ended;
    },
  };
}

if (program === "") {
  Deno.stderr.writeSync(new TextEncoder().encode("\nNOT RUN: h2spec cannot be installed here\n"));
} else {
  Deno.test("h2spec finds nothing in the proxy's HTTP/2 that RFC 9113 forbids", async () => {
    await using scene = await Scene.start({ respond: () => Promise.resolve(plainAnswer("fine")) });
    await using through = tunnels(scene.egress.port);
    const { stdout } = await new Deno.Command(program, {
      args: ["-t", "-k", "-h", "127.0.0.1", "-p", String(through.port), "-o", "5", "--path", "/"],
      clearEnv: true,
      stderr: "null",
    }).output();
    const report = stripVTControlCharacters(new TextDecoder().decode(stdout));
    const failed = [...report.matchAll(/^\s*× \d+: (.*)$/gm)];
    assert.deepEqual(
      [...new Set(failed.map(([, name]) => name))].sort(),
      OUTDATED,
      report.slice(-4000),
    );
    const [, run, passed] = /(\d+) tests, (\d+) passed/.exec(report) ?? [];
    assert.ok(Number(run) >= 140, report.slice(-500));
    assert.equal(Number(run) - Number(passed), OUTDATED.length);
  });
}
