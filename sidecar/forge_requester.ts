import type { Socket } from "node:net";
import { isHostProblem, parseHost } from "../core/host_name.ts";
import type { SidecarConfig } from "../core/sidecar_config.ts";
import { dial } from "../egress/dial.ts";
import type { HttpRequester } from "../gitgate/deploy_keys/http.ts";
import { createHttpRequester } from "../gitgate/deploy_keys/http_requester.ts";
import { dialOptions } from "./dial_options.ts";

/**
 * Requests to forges, over the fixed addresses and the upstream proxy that a bottle's configuration names.
 *
 * @param upstreamCa PEM of further trust roots.
 */
export function forgeRequester(
  config: SidecarConfig,
  upstreamCa: string | undefined,
): HttpRequester {
  return createHttpRequester({
    connect: connector(config),
    ...(upstreamCa === undefined ? {} : { extraCa: upstreamCa }),
  });
}

/** Opens TCP to a forge as the proxy does to an upstream. The operator named it, so its address may be private. */
function connector(config: SidecarConfig) {
  const options = dialOptions(config);
  return async (name: string, port: number, signal: AbortSignal): Promise<Socket> => {
    const host = parseHost(name);
    if (isHostProblem(host)) throw new Error(`${name} is no host: ${host.reason}`);
    const { socket } = await dial(options, { host, port }, { allowPrivate: true }, false);
    if (signal.aborted) socket.destroy();
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    return socket;
  };
}
