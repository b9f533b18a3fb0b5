import { BottleError, ExitCode } from "../core/errors.ts";
import { isHostProblem, parseHost } from "../core/host_name.ts";
import type { SidecarConfig } from "../core/sidecar_config.ts";
import { connectTcp, type DialOptions } from "../egress/dial.ts";

/**
 * How a sidecar reaches the world: fixed addresses, the upstream proxy and the time that its configuration names.
 *
 * @throws BottleError `fixed_host` for a name that cannot be looked up.
 */
export function dialOptions({ egress, timeouts }: SidecarConfig): DialOptions {
  return {
    resolve: async (name) => {
      const { lookup } = await import("node:dns/promises");
      return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
    },
    fixedAddresses: new Map(
      Object.entries(egress.hosts).map(([name, address]) => [normalName(name), address]),
    ),
    connect: connectTcp,
    timeout: timeouts.connect,
    ...(egress.upstream_proxy === undefined
      ? {}
      : { upstreamProxy: new URL(egress.upstream_proxy) }),
  };
}

/** A name as the proxy looks it up; one in another spelling would be resolved instead of being found here. */
function normalName(name: string): string {
  const host = parseHost(name);
  if (!isHostProblem(host)) return host.text;
  throw new BottleError(`Cannot fix the address of ${JSON.stringify(name)}: ${host.reason}`, {
    code: "fixed_host",
    exit: ExitCode.usage,
  });
}
