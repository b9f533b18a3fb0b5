/** A CONNECT proxy of a test: names lead to ports of this machine, and every name asked for is noted. */
export class ConnectProxy implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #done: Promise<void>;

  /** @param ports by `host:port` as it is asked for. */
  constructor(readonly ports: Readonly<Record<string, number>>) {
    this.#done = this.#accept();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      serving.push(this.#serve(connection).catch(() => {}).finally(() => this.#close(connection)));
    }
    await Promise.all(serving);
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#open.add(connection);
    const head = await readHead(connection);
    const target = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head)?.[1] ?? "";
    this.asked.push(target);
    const port = Object.hasOwn(this.ports, target) ? this.ports[target] : undefined;
    const say = (text: string) => connection.write(new TextEncoder().encode(text));
    if (port === undefined) {
      await say("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const onward = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#open.add(onward);
    await say("HTTP/1.1 200 Connection Established\r\n\r\n");
    await Promise.race([pass(connection, onward), pass(onward, connection)]);
    this.#close(onward);
  }

  #close(connection: Deno.Conn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch { /* closed by its peer */ }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#done;
  }
}

async function readHead(connection: Deno.Conn): Promise<string> {
  let head = "";
  const one = new Uint8Array(1);
  while (!head.endsWith("\r\n\r\n") && head.length < 8192) {
    if (await connection.read(one) === null) break;
    head += String.fromCharCode(one[0]!);
  }
  return head;
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await from.read(bytes);
      if (count === null) return;
      for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent, count));
    }
  } catch { /* one end is gone */ }
}
