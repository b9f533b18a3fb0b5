import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { command } from "./command.ts";
import { pi } from "./pi.ts";
import type { Provider } from "./provider.ts";

/** Every provider; a new one is a file and a line here. */
export const PROVIDERS: readonly Provider[] = [
  claude,
  codex,
  pi,
  command,
];

/**
 * The provider of a template.
 *
 * @throws BottleError `unknown_provider` that lists the known ones.
 */
export function providerOf(
  template: string,
  providers: readonly Provider[] = PROVIDERS,
): Provider {
  const found = providers.find(({ name }) => name === template);
  if (found !== undefined) return found;
  const names = providers.map(({ name }) => name);
  const near = nearest(template, names);
  throw new BottleError(`There is no provider ${JSON.stringify(template)}`, {
    code: "unknown_provider",
    exit: ExitCode.manifest,
    hint: near === undefined ? `the providers are ${names.join(", ")}` : `did you mean ${near}?`,
  });
}
