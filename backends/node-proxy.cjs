// Preloaded into every Node of a bottle (NODE_OPTIONS=--require): sends connections to the bottle's proxy.
// Node reads HTTPS_PROXY by itself only from 22.21 and 24.5 on, and never for sockets that a library opens
// itself (the ws package, custom agents). Whoever removes this finds no network: it is a convenience, no wall.
"use strict";
const proxyText = process.env.HTTPS_PROXY || process.env.https_proxy;
if (proxyText && !globalThis[Symbol.for("bot-bottle.node-proxy")]) install(new URL(proxyText));

function install(proxy) {
  Object.defineProperty(globalThis, Symbol.for("bot-bottle.node-proxy"), { value: true });
  const http = require("node:http");
  const net = require("node:net");
  const tls = require("node:tls");
  const { Duplex } = require("node:stream");
  const proxyHost = proxy.hostname;
  const proxyPort = Number(proxy.port || 80);

  const [major, minor] = process.versions.node.split(".").map(Number);
  const asked = process.env.NODE_USE_ENV_PROXY === "1";
  const since = (a, b) =>
    (major === 22 && minor >= a) || (major === 24 && minor >= b) || major > 24;
  const nativeHttp = asked && since(21, 5);
  const nativeFetch = asked && since(21, 0);

  const isLocal = (host) =>
    !host || host === "localhost" || host === "git-gate" || host === "supervise" ||
    host.endsWith(".localhost") || host.startsWith("127.") ||
    host === "::1" || host === "[::1]" || host === "0.0.0.0" || host === "::";

  // A stream that is the tunnel once CONNECT was answered with 200; what is written before waits.
  function tunnel(host, port) {
    const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const socket = net.connect({ host: proxyHost, port: proxyPort });
    socket.setNoDelay(true);
    let opened = false;
    let head = Buffer.alloc(0);
    let waiting;
    const stream = new Duplex({
      allowHalfOpen: true,
      read: () => opened && socket.resume(),
      write(chunk, _encoding, done) {
        if (opened) socket.write(chunk, done);
        else waiting = () => socket.write(chunk, done);
      },
      final(done) {
        if (opened) socket.end(done);
        else waiting = () => socket.end(done);
      },
      destroy(error, done) {
        socket.destroy();
        done(error);
      },
    });
    const pass = (chunk) => {
      if (!stream.push(chunk)) socket.pause();
    };
    socket.on("connect", () => {
      const auth = proxy.username
        ? `Proxy-Authorization: Basic ${
          Buffer.from(decodeURIComponent(`${proxy.username}:${proxy.password}`)).toString("base64")
        }\r\n`
        : "";
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${auth}\r\n`);
    });
    socket.on("data", (chunk) => {
      if (opened) return pass(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0 && head.length < 65536) return;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1", 0, 16))?.[1]);
      if (status === 200) {
        opened = true;
        const rest = head.subarray(end + 4);
        if (rest.length > 0) pass(rest);
        waiting?.();
        return;
      }
      refuse(status, head.toString("utf8", end < 0 ? 0 : end + 4));
    });
    // The denial's body says why; it may come in a second packet.
    function refuse(status, body) {
      socket.removeAllListeners("data");
      socket.removeAllListeners("end");
      let text = body;
      socket.on("data", (more) => text += more.toString("utf8"));
      const fail = () => {
        let reason = text.trim();
        try {
          const { error } = JSON.parse(reason);
          reason = `${error.code}: ${error.reason}${error.next ? ` (${error.next})` : ""}`;
        } catch { /* not JSON: shown as it is */ }
        const failure = new Error(
          `Proxy refused ${authority} with ${status}: ${reason.slice(0, 2000)}`,
        );
        failure.code = "ERR_BOT_BOTTLE_DENIED";
        failure.status = status;
        stream.destroy(failure);
      };
      const timer = setTimeout(fail, 200);
      socket.on("end", () => (clearTimeout(timer), fail()));
    }
    socket.on(
      "end",
      () =>
        opened ? stream.push(null) : stream.destroy(new Error("The proxy closed the connection")),
    );
    socket.on("error", (error) => stream.destroy(error));
    socket.on("close", () => stream.destroy());
    stream.setNoDelay = () => stream;
    stream.setKeepAlive = () => stream;
    stream.setTimeout = () => stream;
    stream.ref = () => (socket.ref(), stream);
    stream.unref = () => (socket.unref(), stream);
    return stream;
  }

  // Every TLS client of Node ends here: https, http2, fetch, ws.
  const tlsConnect = tls.connect;
  tls.connect = function connect(...given) {
    const normal = net._normalizeArgs ? net._normalizeArgs(given) : undefined;
    const options = normal?.[0];
    if (!options || options.socket || options.path && !options.host) {
      return tlsConnect.apply(this, given);
    }
    const host = options.host || options.hostname;
    if (isLocal(host)) return tlsConnect.apply(this, given);
    const extra = given.find((one, at) => at > 0 && one !== null && typeof one === "object") ?? {};
    const merged = { ...options, ...extra };
    const through = tunnel(String(host).replace(/^\[|\]$/g, ""), Number(merged.port || 443));
    const socket = tlsConnect.call(this, {
      ...merged,
      servername: merged.servername ?? (net.isIP(host) ? "" : host),
      path: undefined,
      lookup: undefined,
      socket: through,
    }, normal[1] ?? undefined);
    through.on("error", (error) => socket.destroy(error));
    return socket;
  };

  // Plain http: the proxy wants the absolute form (RFC 9112 section 3.2.2).
  if (!nativeHttp) {
    const addRequest = http.Agent.prototype.addRequest;
    http.Agent.prototype.addRequest = function (request, options, ...rest) {
      const host = options?.host ?? options?.hostname;
      const plain = this.protocol === "http:" && !options?.socketPath && !request._header;
      if (!plain || isLocal(host) || /^[a-z]+:\/\//.test(request.path)) {
        return addRequest.call(this, request, options, ...rest);
      }
      const port = Number(options.port || 80);
      request.path = `http://${host}${port === 80 ? "" : `:${port}`}${request.path}`;
      return addRequest.call(this, request, {
        ...options,
        host: proxyHost,
        hostname: undefined,
        port: proxyPort,
      }, ...rest);
    };
  }

  // fetch of plain http: the same, in the dispatcher of the bundled undici, when first used.
  if (!nativeFetch && typeof globalThis.fetch === "function") {
    const slot = Symbol.for("undici.globalDispatcher.1");
    const original = globalThis.fetch;
    let ready = false;
    globalThis.fetch = function fetch(input, init) {
      if (!ready) {
        ready = true;
        void globalThis.Headers; // loads undici, which fills the slot
        const dispatcher = globalThis[slot];
        const dispatch = dispatcher?.dispatch;
        if (dispatch) {
          dispatcher.dispatch = function (options, handler) {
            const origin = new URL(String(options.origin));
            if (origin.protocol !== "http:" || isLocal(origin.hostname)) {
              return dispatch.call(this, options, handler);
            }
            const headers = Array.isArray(options.headers)
              ? [...options.headers, "host", origin.host]
              : { ...options.headers, host: origin.host };
            return dispatch.call(this, {
              ...options,
              origin: proxy.origin,
              path: origin.origin + options.path,
              headers,
            }, handler);
          };
        }
      }
      return original.call(this, input, init);
    };
  }

  require("node:module").syncBuiltinESMExports();
}
