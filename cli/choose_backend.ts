import type { Backend } from "../backends/backend.ts";
import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import type { Host } from "./context.ts";
import { bottleHome } from "./home.ts";

/** Backends by name; the first is the default. Each is loaded only when it is used. */
const BACKENDS: Readonly<Record<string, (host: Host) => Promise<Backend>>> = {
  bubblewrap: async (host) => {
    const { BubblewrapBackend } = await import("../backends/bubblewrap/bubblewrap.ts");
    const operatorHome = host.env("HOME");
    return new BubblewrapBackend({
      home: bottleHome(host),
      ...(operatorHome === undefined ? {} : { operatorHome }),
      uid: host.uid,
    });
  },
};

/** A backend that is known by name and loaded when its walls are needed. */
export interface ChosenBackend {
  readonly name: string;
  load(): Promise<Backend>;
}

/**
 * The backend that was named, or the default.
 *
 * @throws BottleError `unknown_backend`.
 */
export function chooseBackend(host: Host, named?: string): ChosenBackend {
  const name = named ?? Object.keys(BACKENDS)[0]!;
  const make = Object.hasOwn(BACKENDS, name) ? BACKENDS[name] : undefined;
  if (make !== undefined) return { name, load: () => make(host) };
  const near = nearest(name, Object.keys(BACKENDS));
  throw new BottleError(`There is no backend ${JSON.stringify(name)}`, {
    code: "unknown_backend",
    exit: ExitCode.usage,
    hint: near === undefined
      ? `the backends are ${Object.keys(BACKENDS).join(", ")}`
      : `did you mean ${near}?`,
  });
}

/** Every backend. */
export function allBackends(host: Host): Promise<Backend[]> {
  return Promise.all(Object.values(BACKENDS).map((make) => make(host)));
}
