/** Each real CLI calls the supervise server by its own MCP client, and the operator's answer reaches it. */
import assert from "node:assert/strict";
import { until } from "../cli/support.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import type { Conversation, Model, Turn } from "../fakes/model_api/model.ts";
import type { Requests } from "../fakes/model_api/recorded.ts";
import { ResponsesApi } from "../fakes/model_api/responses_api.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const WANTED = "files.example.net";
const FETCH = `curl -sS https://${WANTED}/list`;

/** How a CLI lets its model call a tool of an MCP server, and the shell. */
interface Ways {
  /** What the model does before it can; undefined when it is done. */
  before?(conversation: Conversation): Turn | undefined;
  tool(name: string, input: Readonly<Record<string, unknown>>): Turn;
  shell(line: string): Turn;
}

const WAYS: Readonly<Record<string, Ways>> = {
  claude: {
    // Its model asks for what such a tool is called with, once.
    before: ({ prompts }) =>
      prompts.some((text) => /Tool loaded/.test(text)) ? undefined : {
        tool: "ToolSearch",
        input: {
          query: "select:mcp__supervise__list-egress-routes,mcp__supervise__egress-allow",
          max_results: 5,
        },
      },
    tool: (name, input) => ({ tool: `mcp__supervise__${name}`, input }),
    shell: (command) => ({ tool: "Bash", input: { command, description: "as told" } }),
  },
  // Its model writes JavaScript that calls tools.
  codex: {
    tool: (name, input) => ({
      tool: "exec",
      input: `const { content } = await tools.mcp__supervise__${name.replaceAll("-", "_")}(${
        JSON.stringify(input)
      });
text(content.map((part) => part.text).join("\\n"));`,
    }),
    shell: (cmd) => ({
      tool: "exec",
      input: `text((await tools.exec_command(${JSON.stringify({ cmd })})).output);`,
    }),
  },
  pi: {
    tool: (name, input) => ({ tool: `mcp__supervise__${name.replaceAll("-", "_")}`, input }),
    shell: (command) => ({ tool: "bash", input: { command } }),
  },
};

/** The routes in what list-egress-routes said, whichever part of its answer a CLI passes on. */
function liveRoutes(said: string): { routes: unknown[] } {
  const value = JSON.parse(said.slice(said.indexOf("{"), said.lastIndexOf("}") + 1));
  return "routes_yaml" in value ? JSON.parse(value.routes_yaml) : value;
}

/** Asks for a route with the live ones in it, then uses it, then says what came. */
function proposingModel({ before, tool, shell }: Ways): Model {
  return (conversation: Conversation): Turn => {
    if (conversation.tools.length === 0) return { text: "A title" };
    const first = before?.(conversation);
    if (first !== undefined) return first;
    const [listed, answered, fetched] = conversation.results;
    if (listed === undefined) return tool("list-egress-routes", {});
    if (answered === undefined) {
      const { routes } = liveRoutes(listed);
      routes.push({
        host: WANTED,
        matches: [{ methods: ["GET"], paths: [{ type: "exact", value: "/list" }] }],
      });
      const routes_yaml = JSON.stringify({ routes });
      return tool("egress-allow", { routes_yaml, justification: "the task needs the list" });
    }
    if (fetched === undefined) return shell(FETCH);
    const [decision] = /approved/i.exec(answered) ?? [answered];
    return { text: `${decision.toLowerCase()}: ${fetched.trim().split("\n").at(-1)}` };
  };
}

function fakeOf(name: string, model: Model): {
  host: string;
  provider: string;
  api: { seen: Requests; serve(request: Request): Promise<Response> };
} {
  if (name === "codex") {
    const provider = "{ template: codex, auth_token: MODEL_TOKEN }";
    return { host: "api.openai.com", provider, api: new ResponsesApi(model) };
  }
  const settings = name === "pi" ? ", settings: { provider: anthropic }" : "";
  return {
    host: "api.anthropic.com",
    provider: `{ template: ${name}, auth_token: MODEL_TOKEN${settings} }`,
    api: new MessagesApi(model),
  };
}

for (const [name, ways] of Object.entries(WAYS)) {
  const toolchains = await sharedToolchains(name);
  if (toolchains === undefined) continue;
  Deno.test(`${name} proposes a route by its own MCP client, is answered by approve, and the request passes`, async () => {
    const { host, provider, api } = fakeOf(name, proposingModel(ways));
    const fetched: string[] = [];
    await using scene = new AgentScene(toolchains, provider, {
      [host]: api.serve,
      [WANTED]: (request) => {
        fetched.push(new URL(request.url).pathname);
        return Promise.resolve(new Response("three files"));
      },
    });
    const working = scene.run("start", "worker", "--yes", "--prompt", "fetch the list of files");
    const pending = async (): Promise<{ id: string; tool: string }[]> =>
      JSON.parse((await scene.run("supervise", "--once", "--json")).stdout).proposals;
    const over = working.then(() => true);
    const asked = async () => (await pending()).length === 1;
    const early = () => Promise.race([over, Promise.resolve(false)]);
    assert.ok(await until(async () => await asked() || await early(), 60_000));
    if (await early()) assert.fail((await working).stderr + (await working).stdout);
    const [proposal] = await pending();
    assert.equal(proposal!.tool, "egress-allow");
    assert.deepEqual(fetched, []);
    const approved = await scene.run("approve", proposal!.id, "--reason", "for this task");
    assert.equal(approved.code, 0, approved.stderr);
    const { code, stdout, stderr } = await working;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "approved: three files\n");
    assert.deepEqual([fetched, api.seen.faults], [["/list"], []]);
  });
}
