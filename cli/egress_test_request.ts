import { replaceFile } from "../sys/atomic_file.ts";
import { runForeground } from "./bottle/run_foreground.ts";
import { removeTree } from "./bottle/remove_state.ts";
import { routesText } from "./bottle/sidecar_files.ts";
import { denoEnvironment, sidecarArgs } from "./bottle/sidecar_process.ts";
import type { CliContext, Host } from "./context.ts";
import type { TestFlags } from "./egress_commands.ts";
import { bottleHome } from "./home.ts";
import { chosenManifest } from "./load_spec.ts";
import { realPath } from "./real_path.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import { sidecarRoutes } from "../manifest/tokens.ts";
import { chosenAgent } from "./agent_start.ts";

/** What `run` would get, which has no agent; or with an agent what `start` would, and so its provider's routes. */
async function effectiveOf(
  host: Host,
  { agent, bottle = [] }: TestFlags,
): Promise<EffectiveManifest> {
  return agent === undefined
    ? (await chosenManifest(host, { bottles: bottle })).effective
    : (await chosenAgent(host, { agent, bottles: bottle })).shown;
}

/** `bot-bottle egress test`: asks the sidecar's rules; no credential is looked up and nothing is sent. */
export async function egressTest(
  this: CliContext,
  flags: TestFlags,
  method: string,
  url: string,
): Promise<void> {
  const { host } = this;
  const { installation, cwd } = host;
  const effective = await effectiveOf(host, flags);
  const folder = `${bottleHome(host)}/tmp/test-${crypto.randomUUID()}`;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const routes = `${folder}/routes.yaml`;
    replaceFile(routes, routesText({ routes: sidecarRoutes(effective) }), 0o600, {
      durable: false,
    });
    const data = flags.dataFile === undefined ? [] : [realPath(cwd, flags.dataFile)];
    const code = await runForeground({
      program: installation.deno,
      args: [
        ...sidecarArgs(installation, [folder, ...data], []),
        "egress-test",
        "--routes",
        routes,
        ...(flags.header ?? []).flatMap((header) => ["-H", header]),
        ...data.flatMap((path) => ["--data-file", path]),
        method,
        url,
      ],
      env: {
        ...host.envMatching(/^BOT_BOTTLE_LOG_LEVEL$/),
        ...denoEnvironment(bottleHome(host)),
      },
    });
    this.exitWith(code);
  } finally {
    removeTree(folder);
  }
}
