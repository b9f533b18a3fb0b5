import { denoEnvironment, sidecarArgs } from "./bottle/sidecar_process.ts";
import type { CliContext } from "./context.ts";
import type { ServeFlags } from "./egress_commands.ts";
import { runForeground } from "./bottle/run_foreground.ts";
import { bottleHome } from "./home.ts";
import { realPath } from "./real_path.ts";

/** `bot-bottle egress serve`: the sidecar's proxy in the foreground; this program has no network itself. */
export async function egressServe(this: CliContext, flags: ServeFlags): Promise<void> {
  const { installation, cwd } = this.host;
  const dir = realPath(cwd, flags.dir);
  const routes = realPath(cwd, flags.routes);
  const upstreamCa = flags.upstreamCa === undefined ? [] : [realPath(cwd, flags.upstreamCa)];
  const code = await runForeground({
    program: installation.deno,
    args: [
      ...sidecarArgs(installation, [dir, routes, ...upstreamCa], [dir]),
      "egress-serve",
      "--routes",
      routes,
      "--dir",
      dir,
      ...(flags.port === undefined ? [] : ["--port", String(flags.port)]),
      ...upstreamCa.flatMap((path) => ["--upstream-ca", path]),
      ...(flags.auth ? ["--auth"] : []),
      ...(flags.log === undefined ? [] : ["--log", flags.log]),
      ...(flags.host ?? []).flatMap((pair) => ["--host", pair]),
    ],
    env: {
      ...this.host.envMatching(/^(EGRESS_TOKEN_|BOT_BOTTLE_)/),
      ...denoEnvironment(bottleHome(this.host)),
    },
  });
  this.exitWith(code);
}
