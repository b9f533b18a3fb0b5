/**
 * A small TLS server that stands for somebody's API and git forge in the quickstart: it answers who the caller is by the
 * credential that arrived, serves the repositories in DIR/git to whoever has it, and writes down what it saw.
 *
 * Usage: DEMO_TOKEN=… deno run --allow-net=127.0.0.1 --allow-env=DEMO_TOKEN --allow-read=DIR --allow-write=DIR --allow-run=git upstream.ts DIR
 * Writes DIR/ca.pem and DIR/port when it listens, a line per request to DIR/seen, and the last body to DIR/body.
 */
import {
  createAuthority,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";
import { gitHttpBackend } from "./git_http_backend.ts";

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
}, async (request) => {
  const sent = request.headers.get("authorization");
  const credential = sent === expected ? "the real one" : sent === null ? "none" : "another one";
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/git/")) return await git(request, sent);
  if (request.body !== null) Deno.writeFileSync(`${folder}/body`, await request.bytes());
  Deno.writeTextFileSync(
    `${folder}/seen`,
    `${request.method} ${pathname} credential: ${credential}\n`,
    {
      append: true,
    },
  );
  return Response.json({ path: pathname, authenticated: credential === "the real one" });
});

/** Smart HTTP by git's own CGI program, for whoever has the credential. */
async function git(request: Request, sent: string | null): Promise<Response> {
  // The gate sends the token as the password of a user, as forges want it.
  const password = sent?.startsWith("Basic ") ? atob(sent.slice(6)).split(":")[1] : undefined;
  if (password !== Deno.env.get("DEMO_TOKEN")) {
    return new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } });
  }
  const { pathname } = new URL(request.url);
  return await gitHttpBackend(request, `${folder}/git`, pathname.slice("/git".length));
}
