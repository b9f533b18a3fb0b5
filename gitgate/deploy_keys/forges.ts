import type { Forge } from "./forge.ts";
import { gitea } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";

/** Every kind of forge, by its name in the manifest. A further one is a file and a line here. */
export const FORGES: ReadonlyMap<string, Forge> = new Map(
  [gitea, github, gitlab].map((forge) => [forge.provider, forge]),
);
