/**
 * The fake of a model's API that the tests use, for the quickstart: a CONNECT relay leads its name to a TLS server on
 * this machine, whose model does what it is told and nothing else.
 *
 * Usage: DEMO_TOKEN=… deno run --allow-net=127.0.0.1 --allow-env=DEMO_TOKEN --allow-read=DIR --allow-write=DIR model_upstream.ts DIR
 * Writes DIR/ca.pem and DIR/proxy when it listens, a line per request to DIR/seen, and what the real API would not
 * have understood to DIR/faults.
 */
import {
  createAuthority,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";
import { ConnectProxy } from "../../tests/fakes/model_api/connect_proxy.ts";
import { MessagesApi } from "../../tests/fakes/model_api/messages_api.ts";
import { obedientModel } from "../../tests/fakes/model_api/model.ts";

const NAME = "api.anthropic.com";
const [folder] = Deno.args;
if (folder === undefined) {
  throw new TypeError("Cannot start the fake of a model's API: no folder was given");
}
const expected = Deno.env.get("DEMO_TOKEN");
const api = new MessagesApi(obedientModel(
  { name: "bash", input: (command) => ({ command }) },
  { name: "write", input: (path, content) => ({ path, content }) },
));

const now = new Date();
const authority = createAuthority("quickstart model CA", now);
const leaf = issueLeaf(loadAuthority(authority), createLeafKey(), NAME, now);
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  cert: leaf.certificate,
  key: leaf.key,
  onListen: () => {},
}, async (request) => {
  const sent = request.headers.get("x-api-key");
  const credential = sent === expected ? "the real one" : sent === null ? "none" : "another one";
  const { pathname } = new URL(request.url);
  note("seen", `${request.method} ${pathname} credential: ${credential}`);
  const response = await api.serve(request);
  for (const fault of api.seen.faults.splice(0)) note("faults", fault);
  return response;
});

function note(name: string, line: string): void {
  Deno.writeTextFileSync(`${folder}/${name}`, `${line}\n`, { append: true });
}

const relay = new ConnectProxy({ [`${NAME}:443`]: server.addr.port });
Deno.writeTextFileSync(`${folder}/ca.pem`, authority.certificate);
Deno.writeTextFileSync(`${folder}/proxy.new`, `${relay.url}\n`);
Deno.renameSync(`${folder}/proxy.new`, `${folder}/proxy`);
