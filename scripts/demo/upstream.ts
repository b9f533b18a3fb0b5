/**
 * A small TLS server that stands for somebody's API in the quickstart: it answers who the caller is by the
 * credential that arrived, and writes down what it saw.
 *
 * Usage: DEMO_TOKEN=… deno run --allow-net=127.0.0.1 --allow-env=DEMO_TOKEN --allow-read=DIR --allow-write=DIR upstream.ts DIR
 * Writes DIR/ca.pem and DIR/port when it listens, and a line per request to DIR/seen.
 */
import {
  createAuthority,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";

const NAME = "api.example.com";
const [folder] = Deno.args;
if (folder === undefined) {
  throw new TypeError("Cannot start the demo upstream: no folder was given");
}
const expected = `Bearer ${Deno.env.get("DEMO_TOKEN")}`;

const now = new Date();
const authority = createAuthority("quickstart upstream CA", now);
const leaf = issueLeaf(loadAuthority(authority), createLeafKey(), NAME, now);

Deno.writeTextFileSync(`${folder}/ca.pem`, authority.certificate);
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  cert: leaf.certificate,
  key: leaf.key,
  onListen: ({ port }) => {
    Deno.writeTextFileSync(`${folder}/port.new`, `${port}\n`);
    Deno.renameSync(`${folder}/port.new`, `${folder}/port`);
  },
}, (request) => {
  const sent = request.headers.get("authorization");
  const credential = sent === expected ? "the real one" : sent === null ? "none" : "another one";
  const { pathname } = new URL(request.url);
  Deno.writeTextFileSync(
    `${folder}/seen`,
    `${request.method} ${pathname} credential: ${credential}\n`,
    {
      append: true,
    },
  );
  return Response.json({ path: pathname, authenticated: credential === "the real one" });
});
