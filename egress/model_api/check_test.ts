import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MODEL_API_EXTRAS, type ModelApi, type ModelApiExtra } from "../../core/route.ts";
import { type ModelApiProblem, modelApiProblem, TEXTS, UnclearBody } from "./check.ts";
import { outlineOf } from "./json_outline.ts";

function problem(
  kind: ModelApi,
  body: unknown,
  allow: readonly ModelApiExtra[] = [],
): ModelApiProblem | undefined {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return modelApiProblem({ kind, allow: new Set(allow) }, outlineOf(Buffer.from(text), TEXTS));
}

/** Only what `needs` names lets the body through. */
function assertNeeds(kind: ModelApi, body: unknown, needs: ModelApiExtra): void {
  assert.equal(problem(kind, body)?.needs, needs);
  const others = MODEL_API_EXTRAS.filter((extra) => extra !== needs);
  assert.equal(problem(kind, body, others)?.needs, needs);
  assert.equal(problem(kind, body, [needs]), undefined);
}

/** Bodies of one API, around what is tested. */
const BODIES: Readonly<
  Record<ModelApi, { tools: (tools: unknown) => unknown; part: (part: unknown) => unknown }>
> = {
  "anthropic-messages": {
    tools: (tools) => ({ model: "m", max_tokens: 1, messages: [], tools }),
    part: (part) => ({ model: "m", messages: [{ role: "user", content: [part] }] }),
  },
  "openai-responses": {
    tools: (tools) => ({ model: "m", input: "hello", tools }),
    part: (part) => ({
      model: "m",
      input: [{ type: "message", role: "user", content: [part] }],
    }),
  },
  "openai-completions": {
    tools: (tools) => ({ model: "m", messages: [], tools }),
    part: (part) => ({ model: "m", messages: [{ role: "user", content: [part] }] }),
  },
};

const CLIENT_TOOLS: Readonly<Record<ModelApi, readonly unknown[]>> = {
  "anthropic-messages": [
    { name: "Bash", description: "d", input_schema: { type: "object", properties: {} } },
    { type: "custom", name: "x", input_schema: { type: "web_search_20250305" } },
    { type: null, name: "x", input_schema: {} },
    { type: "bash_20250124", name: "bash" },
    { type: "text_editor_20250728", name: "str_replace_based_edit_tool" },
    { type: "computer_20251124", name: "computer" },
    { type: "memory_20250818", name: "memory" },
    { type: "computer_toolset_20260801" },
    { type: "browser_toolset_20260801" },
    { type: "tool_search_tool_regex_20251119", name: "tool_search_tool_regex" },
    { type: "tool_search_tool_bm25", name: "tool_search_tool_bm25" },
  ],
  "openai-responses": [
    { type: "function", name: "f", parameters: { type: "object", tools: [{ type: "mcp" }] } },
    { type: "custom", name: "exec", format: { type: "grammar" } },
    { type: "local_shell" },
    { type: "apply_patch" },
    { type: "shell", environment: { type: "local" } },
    { type: "namespace", name: "n", tools: [{ type: "function", name: "f" }] },
    { type: "tool_search", execution: "client" },
  ],
  "openai-completions": [
    { type: "function", function: { name: "f", parameters: {} } },
    { type: "custom", custom: { name: "f" } },
  ],
};

/** Tools that the provider runs, and what each needs. */
const SERVER_TOOLS: Readonly<Record<ModelApi, readonly [ModelApiExtra, unknown][]>> = {
  "anthropic-messages": [
    ["web_search", { type: "web_search_20250305", name: "web_search" }],
    ["web_search", { type: "web_search_20260318", name: "bash" }],
    ["web_fetch", { type: "web_fetch_20250910", name: "web_fetch" }],
    ["hosted_tools", { type: "code_execution_20250825", name: "code_execution" }],
    ["hosted_tools", { type: "advisor_20260301", name: "advisor", model: "m" }],
    ["hosted_tools", { type: "mcp_toolset", mcp_server_name: "s" }],
    ["hosted_tools", { type: "bash_20250124x", name: "bash" }],
    ["hosted_tools", { type: "Custom", name: "x" }],
    ["hosted_tools", { type: "", name: "x" }],
    ["hosted_tools", { type: "something_of_2031", name: "x" }],
  ],
  "openai-responses": [
    ["web_search", { type: "web_search" }],
    ["web_search", { type: "web_search_2025_08_26" }],
    ["web_search", { type: "web_search_preview" }],
    ["web_search", { type: "web_search_preview_2025_03_11" }],
    ["hosted_tools", { type: "file_search", vector_store_ids: ["vs_1"] }],
    ["hosted_tools", { type: "code_interpreter", container: { type: "auto" } }],
    ["hosted_tools", { type: "computer_use_preview" }],
    ["hosted_tools", { type: "image_generation" }],
    ["hosted_tools", { type: "mcp", server_url: "https://attacker.example.org" }],
    ["hosted_tools", { type: "programmatic_tool_calling" }],
    ["hosted_tools", { type: "shell" }],
    ["hosted_tools", { type: "shell", environment: { type: "container_auto" } }],
    ["hosted_tools", { type: "shell", environment: "client" }],
    ["hosted_tools", { type: "tool_search" }],
    ["hosted_tools", { type: "tool_search", execution: "server" }],
    ["hosted_tools", { type: "namespace", tools: [{ type: "mcp" }] }],
    ["hosted_tools", { name: "no type" }],
  ],
  "openai-completions": [
    ["web_search", { type: "web_search" }],
    ["hosted_tools", { type: "builtin_function", function: { name: "$web_search" } }],
    ["hosted_tools", { function: { name: "no type" } }],
  ],
};

for (const kind of Object.keys(BODIES) as ModelApi[]) {
  const { tools, part } = BODIES[kind];

  Deno.test(`${kind}: tools that the client runs pass, each and all together`, () => {
    for (const tool of CLIENT_TOOLS[kind]) assert.equal(problem(kind, tools([tool])), undefined);
    assert.equal(problem(kind, tools(CLIENT_TOOLS[kind])), undefined);
    assert.equal(problem(kind, tools([])), undefined);
    assert.equal(problem(kind, tools(null)), undefined);
  });

  for (const [needs, tool] of SERVER_TOOLS[kind]) {
    Deno.test(`${kind}: the tool ${JSON.stringify(tool)} needs ${needs}`, () => {
      assertNeeds(kind, tools([tool]), needs);
    });
  }

  Deno.test(`${kind}: any tool of the provider's is refused, wherever it stands and however it is spelled`, () => {
    const client = fc.constantFrom(...CLIENT_TOOLS[kind]);
    const server = fc.constantFrom(...SERVER_TOOLS[kind].map(([, tool]) => tool));
    fc.assert(fc.property(
      fc.array(client),
      server,
      fc.array(client),
      fc.infiniteStream(fc.boolean()),
      fc.boolean(),
      (before, tool, after, escape, pretty) => {
        const all = [...before, tool, ...after];
        const text = JSON.stringify(tools(all), null, pretty ? 2 : undefined);
        // Any letter can be written as an escape, in names too.
        const spelled = text.replace(
          /"(?:[^"\\])*"/g,
          (word) =>
            word.replace(
              /[a-z_]/g,
              (letter) =>
                escape.next().value
                  ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
                  : letter,
            ),
        );
        assert.deepEqual(JSON.parse(spelled), JSON.parse(text));
        assert.notEqual(problem(kind, spelled), undefined, spelled);
      },
    ));
  });

  Deno.test(`${kind}: a key that is not known is refused and named`, () => {
    for (
      const key of ["plugins", "search_parameters", "api_base", "Tools", "TOOLS", "too\u017fls"]
    ) {
      const found = problem(kind, { model: "m", [key]: [{ type: "x" }] });
      assert.equal(found?.needs, "hosted_tools");
      assert.match(found.asks, new RegExp(`the key "${key}"`));
    }
  });

  Deno.test(`${kind}: a part that is not known is refused and named`, () => {
    const found = problem(kind, part({ type: "remote_thing", at: "x" }));
    assert.equal(found?.needs, "hosted_tools");
    assert.match(found.asks, /"remote_thing"/);
  });

  Deno.test(`${kind}: a key that matters is refused in another spelling`, () => {
    for (
      const key of [
        "Type",
        "fileId",
        "FILE-URL",
        "Image_Url",
        "\uff54\uff59\uff50\uff45",
        "tool\u017f",
      ]
    ) {
      assert.throws(() => problem(kind, part({ type: "text", [key]: "x" })), UnclearBody, key);
    }
    assert.throws(() => problem(kind, tools([{ type: "function", Type: "mcp" }])), UnclearBody);
  });

  Deno.test(`${kind}: what is no object, no list of tools or no type is not guessed at`, () => {
    for (const body of [[], "text", 1, null]) {
      assert.throws(() => problem(kind, JSON.stringify(body)), UnclearBody);
    }
    for (const tool of ["mcp", 1, [{ type: "mcp" }], { type: ["mcp"] }, { type: { a: 1 } }]) {
      assert.throws(() => problem(kind, tools([tool])), UnclearBody);
    }
    assert.throws(() => problem(kind, tools({ 0: { type: "mcp" } })), UnclearBody);
    assert.throws(() => problem(kind, part({ type: ["text"] })), UnclearBody);
    assert.throws(() => problem(kind, { model: ["m"] }), UnclearBody);
  });

  Deno.test(`${kind}: a file of an account needs files, and a URL that the provider fetches web_fetch`, () => {
    assertNeeds(kind, part({ type: "text", file_id: "file_1" }), "files");
    assertNeeds(kind, part({ type: "text", nested: [{ file_ids: ["file_1"] }] }), "files");
    for (const key of ["url", "image_url", "file_url", "audio_url"]) {
      assertNeeds(
        kind,
        part({ type: "text", [key]: "https://example.org/?q=secret" }),
        "web_fetch",
      );
      assert.equal(
        problem(kind, part({ type: "text", [key]: "data:image/png;base64,AA" })),
        undefined,
      );
    }
    assertNeeds(kind, part({ type: "text", url: " data:x" }), "web_fetch");
    assertNeeds(kind, part({ type: "text", url: ["https://example.org"] }), "web_fetch");
  });
}

type Row = readonly [string, unknown];

const ANTHROPIC_ALLOWED: readonly Row[] = [
  ["a system prompt", {
    system: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
  }],
  ["a thread of the account's own", { thread: { type: "continue", previous_message_id: "msg_1" } }],
  ["an empty list of servers", { mcp_servers: [] }],
  ["no container", { container: null }],
  ["settings", {
    context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
    metadata: { url: "x" },
  }],
];
for (const [what, more] of ANTHROPIC_ALLOWED) {
  Deno.test(`anthropic-messages: ${what} passes`, () => {
    assert.equal(
      problem("anthropic-messages", { model: "m", messages: [], ...more as object }),
      undefined,
    );
  });
}

const PARTS: readonly Row[] = [
  ["a picture", {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "AA==" },
  }],
  ["a document", {
    type: "document",
    source: { type: "text", data: "x" },
    citations: { enabled: true },
  }],
  ["a call with whatever input", {
    type: "tool_use",
    id: "1",
    name: "x",
    input: { type: "web_search_20250305", url: "https://example.com", Type: 1, tools: [1] },
  }],
  ["a result", { type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: "x" }] }],
  ["what a search found earlier", {
    type: "web_search_tool_result",
    tool_use_id: "1",
    content: [{ type: "web_search_result", url: "https://example.com", title: "x" }],
  }],
];
for (const [what, part] of PARTS) {
  Deno.test(`anthropic-messages: ${what} passes`, () => {
    assert.equal(problem("anthropic-messages", BODIES["anthropic-messages"].part(part)), undefined);
  });
}

const URL_SOURCE = { type: "url", url: "https://example.org/?q=secret" };
const ANTHROPIC_REFUSED: readonly [string, ModelApiExtra, unknown][] = [
  ["a picture by URL", "web_fetch", { type: "image", source: URL_SOURCE }],
  ["a picture by URL without a type", "web_fetch", {
    type: "image",
    source: { url: "https://example.org" },
  }],
  ["a document by URL", "web_fetch", { type: "document", source: URL_SOURCE }],
  ["a picture by URL inside a result", "web_fetch", {
    type: "tool_result",
    tool_use_id: "1",
    content: [{ type: "image", source: URL_SOURCE }],
  }],
  ["a picture by URL inside a document", "web_fetch", {
    type: "document",
    source: { type: "content", content: [{ type: "image", source: URL_SOURCE }] },
  }],
  ["a document by URL inside what was fetched earlier", "web_fetch", {
    type: "web_fetch_tool_result",
    content: { type: "web_fetch_result", content: { type: "document", source: URL_SOURCE } },
  }],
  ["a file", "files", { type: "document", source: { type: "file", file_id: "file_1" } }],
  ["a file for a container", "files", { type: "container_upload", file_id: "file_1" }],
  ["a tool in a message", "web_search", {
    type: "tool_addition",
    tool: { type: "tool_definition", definition: { type: "web_search_20250305" } },
  }],
  ["a tool in a compaction", "hosted_tools", {
    type: "compaction",
    content: "x",
    tool_changes: [{
      type: "tool_addition",
      tool: { type: "tool_definition", definition: { type: "code_execution_20250522" } },
    }],
  }],
];
for (const [what, needs, part] of ANTHROPIC_REFUSED) {
  Deno.test(`anthropic-messages: ${what} needs ${needs}`, () => {
    assertNeeds("anthropic-messages", BODIES["anthropic-messages"].part(part), needs);
  });
}

Deno.test("anthropic-messages: servers and containers need hosted_tools", () => {
  for (const more of [{ mcp_servers: [{ type: "url" }] }, { container: "c" }, { container: {} }]) {
    assertNeeds("anthropic-messages", { model: "m", messages: [], ...more }, "hosted_tools");
  }
});

const RESPONSES: readonly [string, ModelApiExtra | undefined, Record<string, unknown>][] = [
  ["what is kept in the account", undefined, {
    store: true,
    background: true,
    previous_response_id: "r",
  }],
  ["a stored prompt", "hosted_tools", { prompt: { id: "pmpt_1" } }],
  ["a stored conversation", "hosted_tools", { conversation: "conv_1" }],
  ["a model that searches", "web_search", { model: "o4-mini-deep-research" }],
  ["a file by URL", "web_fetch", {
    input: [{ type: "input_file", file_url: "https://example.org" }],
  }],
  ["a file's data", undefined, {
    input: [{ type: "input_file", file_data: "data:text/plain;base64,AA" }],
  }],
  ["a URL as a file's data", "web_fetch", {
    input: [{ type: "input_file", file_data: "https://example.org" }],
  }],
  ["a file of the account", "files", { input: [{ type: "input_image", file_id: "file-1" }] }],
  ["a picture in a call's output", "web_fetch", {
    input: [{
      type: "function_call_output",
      output: [{ type: "input_image", image_url: "https://example.org" }],
    }],
  }],
  ["tools among the input", "hosted_tools", {
    input: [{ type: "additional_tools", role: "developer", tools: [{ type: "mcp" }] }],
  }],
  ["tools that a search found", "web_search", {
    input: [{ type: "tool_search_output", tools: [{ type: "web_search" }] }],
  }],
  ["a yes to a call of a server", "hosted_tools", {
    input: [{ type: "mcp_approval_response", approve: true }],
  }],
  ["a shell call in a container", "hosted_tools", {
    input: [{
      type: "shell_call",
      environment: { type: "container_reference", container_id: "c" },
    }],
  }],
  ["calls of local tools and what came of them", undefined, {
    input: [
      { type: "reasoning", summary: [{ type: "summary_text", text: "x" }], encrypted_content: "x" },
      { type: "custom_tool_call", name: "exec", input: "text" },
      { type: "custom_tool_call_output", output: [{ type: "input_text", text: "x" }] },
      { type: "local_shell_call", action: { type: "exec", url: "x" } },
      { type: "function_call", arguments: "{}" },
    ],
  }],
];
for (const [what, needs, more] of RESPONSES) {
  Deno.test(`openai-responses: ${what} ${needs === undefined ? "passes" : `needs ${needs}`}`, () => {
    const body = { model: "m", ...more };
    if (needs === undefined) assert.equal(problem("openai-responses", body), undefined);
    else assertNeeds("openai-responses", body, needs);
  });
}

Deno.test("openai-completions: what searches on its own needs web_search", () => {
  for (
    const more of [
      { web_search_options: {} },
      { model: "gpt-4o-search-preview" },
      { model: "perplexity/sonar-pro" },
      { model: "groq/compound-mini" },
      { model: "some/model:online" },
    ]
  ) {
    assertNeeds("openai-completions", { model: "m", messages: [], ...more }, "web_search");
  }
  assert.equal(problem("openai-completions", { model: "research-1", messages: [] }), undefined);
});

Deno.test("openai-completions: pictures pass as data, and files as data or, with files, by name", () => {
  const { part } = BODIES["openai-completions"];
  const image = (url: string) => part({ type: "image_url", image_url: { url } });
  assert.equal(problem("openai-completions", image("data:image/png;base64,AA")), undefined);
  assertNeeds("openai-completions", image("https://example.org/x.png"), "web_fetch");
  assertNeeds("openai-completions", image("file:///etc/passwd"), "web_fetch");
  const file = (more: object) => part({ type: "file", file: { filename: "x", ...more } });
  assert.equal(problem("openai-completions", file({ file_data: "AAAA" })), undefined);
  assertNeeds("openai-completions", file({ file_id: "file-1" }), "files");
});

Deno.test("a long URL is refused however it begins, and long data passes", () => {
  const { part } = BODIES["openai-responses"];
  const long = "x".repeat(3_000);
  const body = (url: string) =>
    JSON.stringify(part({ type: "input_image", image_url: "URL" })).replace("URL", url);
  assert.equal(problem("openai-responses", body(`data:image/png;base64,${long}`)), undefined);
  assert.equal(
    problem("openai-responses", body(`https://example.org/${long}`))?.needs,
    "web_fetch",
  );
  assert.equal(
    problem("openai-responses", body(`http\\u0073://example.org/${long}`))?.needs,
    "web_fetch",
  );
  const data = (text: string) =>
    JSON.stringify(part({ type: "input_file", file_data: "DATA" })).replace("DATA", text);
  assert.equal(
    problem("openai-responses", data(`http\\u0073://example.org/${long}`))?.needs,
    "web_fetch",
  );
  assert.equal(problem("openai-responses", data(long)), undefined);
});

Deno.test("openai-completions: what other services take for a picture's URL passes as data alone", () => {
  const { part } = BODIES["openai-completions"];
  for (const key of ["image", "video", "audio", "uri", "file_uri"]) {
    const media = (value: unknown) => part({ type: "text", text: "x", [key]: value });
    assertNeeds("openai-completions", media("https://example.org/x.png"), "web_fetch");
    assertNeeds("openai-completions", media("gs://bucket/x"), "web_fetch");
    assertNeeds("openai-completions", media(["https://example.org/x.png"]), "web_fetch");
    assert.equal(problem("openai-completions", media("AAAA")), undefined);
    assert.equal(problem("openai-completions", media("data:image/png;base64,AA")), undefined);
    assert.equal(problem("openai-completions", media({ id: "audio_1" })), undefined);
  }
});

Deno.test("a name in a conversation that is too long to be compared is refused, at once", () => {
  const { part } = BODIES["anthropic-messages"];
  const long = (length: number) => part({ type: "text", text: "x", ["k".repeat(length)]: 1 });
  assert.equal(problem("anthropic-messages", long(128)), undefined);
  assert.throws(() => problem("anthropic-messages", long(129)), UnclearBody);
  // In what the agent's own tools are given anything may stand.
  const input = { ["k".repeat(1_000)]: 1 };
  const use = part({ type: "tool_use", id: "t", name: "n", input });
  assert.equal(problem("anthropic-messages", use), undefined);
});

Deno.test("any JSON at all is judged or called unclear", () => {
  const kinds = fc.constantFrom(...Object.keys(BODIES) as ModelApi[]);
  const keys = fc.constantFrom(
    ...["type", "tools", "source", "url", "file_id", "content", "input", "messages", "definition"],
    ...["environment", "name", "model", "data"],
  );
  const values = fc.constantFrom(...["web_search_20250305", "url", "text", "message", "mcp", "x"]);
  const { body } = fc.letrec((tie) => ({
    body: fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
    value: fc.oneof(
      { maxDepth: 5 },
      values,
      fc.constantFrom(null, true, 1),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("body"),
    ),
  }));
  fc.assert(
    fc.property(kinds, body, (kind, value) => {
      try {
        problem(kind, value);
      } catch (error) {
        assert.ok(error instanceof UnclearBody, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
