/**
 * What a bottle costs an agent: the same real CLI with the same prompt and the same answers of a fake of its API, by
 * itself and by `start --prompt --yes`, in turn. Both reach the fake through one CONNECT relay.
 *
 * Usage: deno task bench:agent [PROVIDER] [ROUNDS]
 */
import { dirname, join } from "node:path/posix";
import { loadavg } from "node:os";
import { ContractPath } from "../core/contract_path.ts";
import { wantedToolchain } from "../cli/toolchain/folder.ts";
import type { ProviderPlan } from "../providers/provider.ts";
import { providerOf } from "../providers/registry.ts";
import { MessagesApi } from "../tests/fakes/model_api/messages_api.ts";
import type { Requests } from "../tests/fakes/model_api/recorded.ts";
import { ResponsesApi } from "../tests/fakes/model_api/responses_api.ts";
import { LAUNCHER } from "../tests/cli/support.ts";
import { AgentScene } from "../tests/providers/agent_scene.ts";
import { sharedToolchains } from "../tests/providers/toolchain_cache.ts";

const PROMPT = "hello there";
const ANSWER = "Hello from the fake";
const model = () => ({ text: ANSWER });

/** Each CLI with a service that it knows itself. */
const SUBJECTS: Readonly<
  Record<string, {
    host: string;
    settings?: Record<string, unknown>;
    api(): { serve(request: Request): Promise<Response>; seen: Requests };
  }>
> = {
  claude: { host: "api.anthropic.com", api: () => new MessagesApi(model) },
  codex: { host: "api.openai.com", api: () => new ResponsesApi(model) },
  pi: {
    host: "api.anthropic.com",
    settings: { provider: "anthropic" },
    api: () => new MessagesApi(model),
  },
};

const [name = "pi", count = "11"] = Deno.args;
const subject = Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
if (subject === undefined) {
  throw new TypeError(`Cannot measure ${name}: known are ${Object.keys(SUBJECTS).join(", ")}`);
}
const toolchains = await sharedToolchains(name);
if (toolchains === undefined) Deno.exit(1);

const config = {
  template: name,
  auth_token: "MODEL_TOKEN",
  ...(subject.settings === undefined ? {} : { settings: subject.settings }),
};
const fake = subject.api();
/** Milliseconds that the fake took of the round. */
const upstream = { took: 0 };
await using scene = new AgentScene(toolchains, JSON.stringify(config), {
  [subject.host]: async (request) => {
    const before = performance.now();
    const response = await fake.serve(request);
    upstream.took += performance.now() - before;
    return response;
  },
});
scene.at.bottle("empty", "supervise: false");

const alone: number[] = [];
const bottled: number[] = [];
const proxied: number[] = [];
const plain: number[] = [];
await startAlone();
await startInBottle();
proxied.length = 0; // the first of each fills caches
for (let round = 0; round < Number(count); round++) {
  alone.push(await startAlone());
  bottled.push(await startInBottle());
  plain.push(await timed(LAUNCHER, ["run", "--bottle", "empty", "--", "true"], scene.env()));
}
if (fake.seen.faults.length > 0) throw new Error(fake.seen.faults.join("\n"));
print(`${name} by itself`, alone);
print(`start --prompt with ${name}`, bottled);
print("run -- true", plain);
const own = median(bottled.map((whole, round) => whole - alone[round]! - proxied[round]!));
print("in the proxy, without the upstream's time", proxied);
say(`\nstart − by itself = ${(median(bottled) - median(alone)).toFixed(0)} ms`);
say(`without the proxy's own = ${own.toFixed(0)} ms   target ≤ 300 ms`);
say(`load ${loadavg().map((value) => value.toFixed(1)).join(" ")}`);

/** Milliseconds of the CLI as its provider plans it, on this machine as it is. */
async function startAlone(): Promise<number> {
  const folder = join(scene.at.root, "alone");
  const at = (path: string) => join(folder, path);
  const plan = planOf(folder);
  for (const { path, content } of plan.home) write(at(join("home", path)), content);
  for (const { path, content } of plan.fixed) write(at(join("fixed", path)), content);
  Deno.mkdirSync(at("workspace"));
  const roots = join(scene.at.home, "upstream_ca.pem");
  const [program, ...args] = plan.argv;
  const took = await timed(program!, args, {
    ...plan.env,
    PATH: "/usr/bin:/bin",
    HOME: at("home"),
    HTTPS_PROXY: scene.proxy.url,
    NODE_EXTRA_CA_CERTS: roots,
    SSL_CERT_FILE: roots,
    CODEX_CA_CERTIFICATE: roots,
    IS_SANDBOX: "1", // Claude Code refuses its bypass to root otherwise
  }, at("workspace"));
  Deno.removeSync(folder, { recursive: true });
  return took;
}

function planOf(folder: string): ProviderPlan {
  const provider = providerOf(name);
  const { folder: toolchain } = wantedToolchain(dirname(toolchains!), provider)!;
  const sources = { variable: () => scene.secret, file: () => undefined, now: new Date() };
  return provider.plan({
    config,
    credential: provider.credential!(config, sources),
    places: {
      home: join(folder, "home"),
      workspace: join(folder, "workspace"),
      fixed: join(folder, "fixed"),
      bin: join(toolchain, "bin"),
      supervise: undefined,
    },
    systemPrompt: "You are the worker of this test.",
    prompt: PROMPT,
    resumed: false,
    session: undefined,
    label: "bench",
    color: undefined,
  });
}

/** Milliseconds of the same in a bottle; what the proxy took of it is noted. */
async function startInBottle(): Promise<number> {
  upstream.took = 0;
  const whole = await timed(
    LAUNCHER,
    ["start", "worker", "--yes", "--prompt", PROMPT],
    scene.env(),
  );
  const state = join(scene.at.home, "state");
  const contract = join(state, scene.slug(), "sidecar");
  const took = Deno.readTextFileSync(join(contract, ContractPath.events))
    .trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ type }) => type === "egress")
    .reduce((sum, { ms }) => sum + ms, 0);
  proxied.push(took - upstream.took);
  Deno.removeSync(state, { recursive: true });
  return whole;
}

/** Milliseconds of a command as a whole process, from an empty standard input. */
async function timed(
  program: string,
  args: string[],
  env: Record<string, string>,
  cwd: string = scene.at.project,
): Promise<number> {
  const before = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env,
    clearEnv: true,
    stdin: "null",
  }).output();
  const took = performance.now() - before;
  const text = new TextDecoder();
  if (code !== 0 || (args.includes(PROMPT) && !text.decode(stdout).includes(ANSWER))) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${text.decode(stderr)}`);
  }
  return took;
}

function write(path: string, text: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(path, text);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function print(what: string, values: readonly number[]): void {
  const ms = (value: number) => `${value.toFixed(0).padStart(5)} ms`;
  say(
    `${what.padEnd(42)} median ${ms(median(values))}   min ${ms(Math.min(...values))}   max ${
      ms(Math.max(...values))
    }`,
  );
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
