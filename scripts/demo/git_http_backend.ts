/**
 * Answers one request of the smart HTTP protocol by git's own CGI program (git-http-backend(1)); for demonstrations and
 * tests, since bodies are held as a whole.
 *
 * @param root folder of the repositories.
 * @param path of the request below `root`.
 */
export async function gitHttpBackend(
  request: Request,
  root: string,
  path: string,
): Promise<Response> {
  const backend = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: path,
      QUERY_STRING: new URL(request.url).search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      REMOTE_USER: "nobody",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = backend.stdin.getWriter();
  await writer.write(await request.bytes());
  await writer.close();
  return cgiResponse((await backend.output()).stdout);
}

/** A CGI answer: fields, an empty line, the body (RFC 3875 section 6). */
function cgiResponse(output: Uint8Array<ArrayBuffer>): Response {
  const text = new TextDecoder("latin1").decode(output);
  const end = text.indexOf("\r\n\r\n");
  const headers = new Headers();
  let status = 200;
  for (const line of text.slice(0, end).split("\r\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === "status") status = Number(value.slice(0, 3));
    else headers.append(name, value);
  }
  return new Response(output.slice(end + 4), { status, headers });
}
