/**
 * A real bottle whose agent is denied, proposes, is answered, and goes on, with no restart: by the commands, and
 * by the desk.
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "../cli/pty.ts";
import { LAUNCHER, Scratch, until } from "../cli/support.ts";
import { echoService, type LocalService, serveTls } from "../integration/local_services.ts";
import { TestAuthority } from "../support/test_authority.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };
const ALLOWED = "service.example.com";
const WANTED = "wanted.example.org";
const OTHER = "other.example.org";

/** A bottle with one allowed name, and a local service that stands behind all of them. */
class Scene implements AsyncDisposable {
  readonly at = new Scratch();
  readonly #authority = new TestAuthority();
  readonly #services: LocalService[] = [ALLOWED, WANTED, OTHER].map((host) =>
    serveTls(this.#authority, host, echoService)
  );

  constructor() {
    this.at.write("upstream_ca.pem", this.#authority.pem);
    this.at.bottle(
      "one",
      `egress:
  upstream_ca: ${join(this.at.home, "upstream_ca.pem")}
  hosts: { ${ALLOWED}: 127.0.0.1, ${WANTED}: 127.0.0.1, ${OTHER}: 127.0.0.1 }
  routes:
    - host: ${ALLOWED}
      ports: [${this.#services[0]!.port}]
      allow_private: true`,
    );
    Deno.writeTextFileSync(
      join(this.at.project, "call.json"),
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: {
          name: "egress-allow",
          arguments: { routes_yaml: this.routes(ALLOWED, WANTED), justification: "the build" },
        },
      }),
    );
  }

  url(host: string): string {
    return `https://${host}:${this.#port(host)}/`;
  }

  routes(...hosts: string[]): string {
    return `routes:\n${
      hosts.map((host) =>
        `  - host: ${host}\n    ports: [${this.#port(host)}]\n    allow_private: true\n`
      ).join("")
    }`;
  }

  #port(host: string): number {
    return this.#services[[ALLOWED, WANTED, OTHER].indexOf(host)]!.port;
  }

  /** What an agent does: tries, proposes, waits, and tries again. */
  agent(): Deno.ChildProcess {
    const get = (host: string) =>
      `curl -sS -o /dev/null -w '${host} %{http_code}\\n' ${
        this.url(host)
      } || echo '${host} denied'`;
    return this.at.start([
      "run",
      "--bottle",
      "one",
      "--cwd",
      "--",
      "sh",
      "-c",
      `
${get(ALLOWED)}; ${get(WANTED)}; ${get(OTHER)}
curl -sS http://supervise:9100/mcp -H 'Content-Type: application/json' \\
  -H 'Accept: application/json, text/event-stream' --data-binary @call.json; echo
${get(ALLOWED)}; ${get(WANTED)}; ${get(OTHER)}`,
    ]);
  }

  /** The proposal that waits, once there is one. */
  async waiting(): Promise<string> {
    let id: string | undefined;
    ok(
      await until(async () => {
        const { stdout } = await this.at.run(["supervise", "--json"]);
        id = JSON.parse(stdout).proposals[0]?.id;
        return id !== undefined;
      }, 30_000),
      "a proposal",
    );
    return id!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service[Symbol.asyncDispose]();
    this.at[Symbol.dispose]();
  }
}

/** What the agent printed: the statuses before and after, and what it was told. */
async function ended(
  agent: Deno.ChildProcess,
): Promise<{ before: string[]; told: string; after: string[] }> {
  const { stdout, stderr, code } = await agent.output();
  const text = new TextDecoder().decode(stdout);
  equal(code, 0, `${text}\n${new TextDecoder().decode(stderr)}`);
  const half = text.indexOf("jsonrpc");
  const list = (part: string) =>
    [ALLOWED, WANTED, OTHER].map((host) => part.includes(`${host} 200`) ? "passes" : "denied");
  const told = text.split("\n").filter((line) => line.includes("jsonrpc")).join("\n");
  return { before: list(text.slice(0, half)), told, after: list(text.slice(half)) };
}

Deno.test("approved by command, the same request passes with no restart", async () => {
  await using scene = new Scene();
  const agent = scene.agent();
  const id = await scene.waiting();
  const { stdout } = await scene.at.run(["list"]);
  match(stdout, /WAITING[^]* 1 +/);
  const { code, stderr } = await scene.at.run(["approve", id]);
  equal(code, 0);
  match(stderr, /are applied\. The agent is told/);
  const { before, told, after } = await ended(agent);
  equal(before.join(), "passes,denied,denied");
  match(told, /in effect now/);
  equal(after.join(), "passes,passes,denied");
});

Deno.test("approved with changes, what was changed is in force and told", async () => {
  await using scene = new Scene();
  const agent = scene.agent();
  const id = await scene.waiting();
  Deno.writeTextFileSync(join(scene.at.project, "mine.yaml"), scene.routes(ALLOWED, OTHER));
  equal((await scene.at.run(["approve", id, "--file", "mine.yaml"])).code, 0);
  const { told, after } = await ended(agent);
  match(told, /with changes/);
  equal(after.join(), "passes,denied,passes");
});

Deno.test("rejected, nothing changes and the agent reads why", async () => {
  await using scene = new Scene();
  const agent = scene.agent();
  const id = await scene.waiting();
  equal((await scene.at.run(["reject", id, "--reason", "use the service"])).code, 0);
  const { told, after } = await ended(agent);
  match(told, /rejected[^]*use the service/);
  equal(after.join(), "passes,denied,denied");
});

Deno.test("approved at the desk, the same request passes with no restart", options, async () => {
  await using scene = new Scene();
  using screen = new Screen(LAUNCHER, ["supervise"], {
    cwd: scene.at.project,
    env: { ...scene.at.env(), TERM: "xterm-256color" },
  });
  await screen.shows(/nothing waits/);
  const agent = scene.agent();
  await screen.shows(/1 waiting, 1 bottle runs/);
  screen.type("\r");
  await screen.shows(/\+ wanted\.example\.org[^]*private networks/);
  for (let page = 0; page < 4; page++) screen.type(" ");
  screen.type("a");
  await screen.shows(/Approved .*\. The agent is told\./);
  const { before, told, after } = await ended(agent);
  equal(before.join(), "passes,denied,denied");
  match(told, /in effect now/);
  equal(after.join(), "passes,passes,denied");
  await screen.shows(/0 bottles run/);
  screen.type("q");
  equal(await screen.ended(), 0);
});
